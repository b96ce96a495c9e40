"""`python -m livesell` is the command `livesell`."""

from livesell.cli import main

if __name__ == "__main__":
    main()
