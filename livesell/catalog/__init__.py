"""The catalog: product sheets in and out, and the index that comments are read by."""
