"""Run the command line: `python -m napari_delineate`."""

from napari_delineate.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
