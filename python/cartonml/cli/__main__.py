"""`python -m cartonml.cli` is the `carton` command."""

from cartonml.cli import main

if __name__ == "__main__":
    main()
