"""The command ``hdfsaver``, which is also ``python -m hdfsaver``."""

from __future__ import annotations

import sys

from hdfsaver.programs import running


def main() -> None:
    """Run the command line; a program is run without the imports of the other commands."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["run"] and running.names_a_program(arguments[1:]):
        running.run(arguments[1:])
        return
    try:
        from hdfsaver.cli import command_line

        command_line.main()
    except KeyboardInterrupt:  # before the command line reports it itself
        sys.exit(130)


if __name__ == "__main__":
    main()
