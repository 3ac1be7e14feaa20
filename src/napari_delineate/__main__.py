"""Run the command line: `python -m napari_delineate`."""

import sys


def main() -> int:
    """Run the command line; see `napari_delineate.cli.main`."""
    try:
        # Imported here, so that Ctrl+C while the program starts is no traceback.
        from napari_delineate.cli import main

        return main()
    except KeyboardInterrupt:
        print("napari-delineate: error: interrupted", file=sys.stderr)  # noqa: T201
        return 1


if __name__ == "__main__":
    raise SystemExit(main())
