/* A disk that fails when it is told to: preloaded into a real server, it refuses what is written to the shop's database.

   LIVESELL_FAULT names a file that says which error (a number), of which calls ("write", "sync"), and, if a third word
   is there, only as long as the file of that name exists. While there is no such file everything works. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int fault(int fd, const char *call) {
    const char *plan = getenv("LIVESELL_FAULT");
    char link[64], path[4096], what[16] = "", only[4096] = "";
    int error = 0;
    if (plan == NULL) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    if (strstr(path, "shop.db") == NULL) return 0;
    FILE *file = fopen(plan, "r");
    if (file == NULL) return 0;
    int words = fscanf(file, "%d %15s %4095s", &error, what, only);
    fclose(file);
    if (words < 2 || strcmp(what, call) != 0) return 0;
    if (words == 3 && access(only, F_OK) != 0) return 0;
    errno = error;
    return error;
}

ssize_t pwrite64(int fd, const void *data, size_t count, off64_t offset) {
    static ssize_t (*real)(int, const void *, size_t, off64_t);
    if (real == NULL) real = dlsym(RTLD_NEXT, "pwrite64");
    return fault(fd, "write") ? -1 : real(fd, data, count, offset);
}

ssize_t pwrite(int fd, const void *data, size_t count, off_t offset) {
    static ssize_t (*real)(int, const void *, size_t, off_t);
    if (real == NULL) real = dlsym(RTLD_NEXT, "pwrite");
    return fault(fd, "write") ? -1 : real(fd, data, count, offset);
}

int fdatasync(int fd) {
    static int (*real)(int);
    if (real == NULL) real = dlsym(RTLD_NEXT, "fdatasync");
    return fault(fd, "sync") ? -1 : real(fd);
}

int fsync(int fd) {
    static int (*real)(int);
    if (real == NULL) real = dlsym(RTLD_NEXT, "fsync");
    return fault(fd, "sync") ? -1 : real(fd);
}
