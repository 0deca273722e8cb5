"""``python -m depparse``."""

if __name__ == "__main__":
    try:
        from depparse.cli.main import main

        main()
    except KeyboardInterrupt:  # before main could catch it
        raise SystemExit(130) from None
