"""``python -m depparse``."""

from depparse.cli.main import main

if __name__ == "__main__":
    main()
