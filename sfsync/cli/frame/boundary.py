"""The one place where a failure becomes output and an exit code."""

from __future__ import annotations

import io
import itertools
import os
import re
import shlex
import signal
import sys
import threading
from contextlib import contextmanager, redirect_stdout, suppress
from typing import TYPE_CHECKING, Any

import typer

from sfsync import __version__
from sfsync.cli.context import Context
from sfsync.cli.frame import tree
from sfsync.cli.frame.flags import GlobalFlags, Words, hoist, wants_json
from sfsync.cli.render.streams import OutputError, prepare_streams
from sfsync.errors import ConfigError, ExitCode, SfsyncError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType


class _Terminated(BaseException):
    """SIGTERM or SIGHUP arrived; unwinds like Ctrl-C, so that transactions roll back."""


_ENDINGS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


class _UnexpectedError(SfsyncError):
    """A defect, or the machine failing (disk full): one line, and the log has the rest."""


class _StoppedError(SfsyncError):
    """Ctrl-C, SIGTERM or SIGHUP."""


def run(argv: Sequence[str]) -> int:
    """Run one command line (without the program's name); the exit code. Never raises."""
    os.umask(0o077)
    prepare_streams()
    context = Context(flags=GlobalFlags(json=wants_json(argv)))
    try:
        with _terminable():
            return _answered(argv, context)
    except BrokenPipeError:
        _discard_stdout()
        return ExitCode.PIPE_CLOSED
    except OSError as error:
        # Nothing else writes out here: the document, or the rest of the output, cannot be kept.
        return _unwritable(error)
    except KeyboardInterrupt:
        # A second Ctrl-C, while the first was being reported.
        return ExitCode.INTERRUPTED


def _answered(argv: Sequence[str], context: Context) -> int:
    try:
        _execute(argv, context)
    except BrokenPipeError:
        raise
    except typer.Exit as leaving:
        context.status = leaving.exit_code
    except (Exception, KeyboardInterrupt, _Terminated) as error:
        if isinstance(error, OSError) and _asks_help(argv):
            # The parser prints help by itself, and touches nothing else.
            raise
        return _report(context, error)
    _finish(context)
    return context.status


def _unwritable(error: OSError) -> int:
    """Say that stdout takes no more, for example because its disk is full."""
    _discard_stdout()
    sys.stderr.write(f"sfsync: the output cannot be written: {error.strerror}\n")
    return ExitCode.UNEXPECTED


def _execute(argv: Sequence[str], context: Context) -> None:
    root = tree.root()
    flags, rest = hoist(argv, Words(root, tree.subcommand, tree.takes_value))
    context.flags = flags
    if flags.version:
        context.emit("version", {"version": __version__}, text=f"sfsync {__version__}\n")
        return
    if context.json and _asks_help(rest):
        text = _help_text(root, rest, context)
        context.emit("help", {"help": text}, text=text)
        return
    context.words = command_of(rest)
    context.typed = shlex.join(["sfsync", *rest])
    if flags.verbose:
        from sfsync.cli.frame.log import start_logging  # noqa: PLC0415 - start-up time

        start_logging(context)
    with root.make_context("sfsync", rest, obj=context) as ctx:
        root.invoke(ctx)


def command_of(words: Sequence[str]) -> tuple[str, ...]:
    """The words of a command line that say which command it was; never its values."""
    return tuple(itertools.takewhile(str.isalpha, words))[:2]


def _asks_help(words: Sequence[str]) -> bool:
    own = words[: words.index("--")] if "--" in words else words
    return any(word in {"-h", "--help"} for word in own)


def _help_text(root: tree.Root, words: Sequence[str], context: Context) -> str:
    """What the parser would print, so that JSON can carry it."""
    with (
        redirect_stdout(io.StringIO()) as printed,
        suppress(typer.Exit),
        root.make_context("sfsync", list(words), obj=context) as ctx,
    ):
        root.invoke(ctx)
    return printed.getvalue()


def _finish(context: Context) -> None:
    """Write the JSON document of a command that ended well, with the warnings it gathered."""
    if context.log_file is not None and context.log_file.trouble is not None:
        trouble = context.log_file.trouble.strerror
        context.warn(f"the log {context.paths.log_file} cannot be written: {trouble}")
    if context.document is not None:
        _write_document({**context.document, "warnings": context.warnings})
    sys.stdout.flush()
    if sys.stdout.isatty() and sys.stderr.isatty():
        from sfsync.cli.frame.banner import show_banner  # noqa: PLC0415 - start-up time

        show_banner(context)


def _report(context: Context, error: BaseException) -> int:
    known, status = _translated(context, error)
    if context.json:
        from sfsync.cli.render.envelope import failure  # noqa: PLC0415 - start-up time

        _write_document(failure(known, status, context.warnings, context.details))
    else:
        sys.stderr.write(error_text(known))
        if isinstance(known, OutputError):
            # What could not be written waits in the buffer, and would fail again.
            _discard_stdout()
    sys.stdout.flush()
    return status


def _translated(context: Context, error: BaseException) -> tuple[SfsyncError, int]:
    """The failure in the terms of `sfsync.errors`, with its exit code."""
    if isinstance(error, SfsyncError):
        _log(context, error)
        return error, int(error.exit_code)
    if isinstance(error, typer.TyperException):
        return _usage(error), int(ExitCode.USAGE)
    if isinstance(error, (KeyboardInterrupt, typer.Abort)):
        return _StoppedError("interrupted", code="interrupted"), int(ExitCode.INTERRUPTED)
    if isinstance(error, _Terminated):
        return _StoppedError("terminated", code="terminated"), int(ExitCode.TERMINATED)
    return _unexpected(context, error), int(ExitCode.UNEXPECTED)


def _log(context: Context, error: SfsyncError) -> None:
    """Keep what a scheduled run has failed with; a mistake at the keyboard is nobody's news."""
    if error.exit_code in {ExitCode.USAGE, ExitCode.NOT_FOUND}:
        return
    from sfsync.cli.frame.log import log_failure  # noqa: PLC0415 - start-up time

    log_failure(context, error)


def _usage(error: typer.TyperException) -> UsageError:
    ctx = getattr(error, "ctx", None)
    path = ctx.command_path if ctx is not None else "sfsync"
    # The parser lists what can be chosen with line breaks and tabs.
    message = " ".join(error.format_message().split())
    # It calls what is no number by the name of its own type: "not a valid int range".
    message = re.sub(r"not a valid int(eger)?( range)?\.$", "not a whole number.", message)
    message = re.sub(r"not a valid float( range)?\.$", "not a number.", message)
    option = _meant_option(message, ctx)
    if option is not None:
        return UsageError(
            f"{message} Did you mean the option {option}?", code="usage", fix=f"{path} {option}"
        )
    return UsageError(message, code="usage", fix=f"{path} -h")


def _meant_option(message: str, ctx: Any) -> str | None:  # noqa: ANN401 - the parser's own context
    """The option that a word without its dashes was meant to be: ``sync now``."""
    found = re.match(r"No such command '([a-z-]+)'", message)
    if found is None or ctx is None:
        return None
    option = f"--{found[1]}"
    return option if any(option in parameter.opts for parameter in ctx.command.params) else None


def _unexpected(context: Context, error: BaseException) -> SfsyncError:
    from sfsync.cli.frame.log import log_unexpected  # noqa: PLC0415 - start-up time
    from sfsync.salesforce.redact import redact  # noqa: PLC0415 - start-up time

    log_file = context.paths.log_file
    what = redact(str(error).partition("\n")[0]) or "no message"
    message = f"failed unexpectedly: {type(error).__name__}: {what}"
    trouble = log_unexpected(context, error)
    if trouble is not None:
        return _UnexpectedError(
            f"{message} (and {log_file} cannot be written: {trouble.strerror})", code="unexpected"
        )
    return _UnexpectedError(message, code="unexpected", fix=f"see {log_file}")


def error_text(error: SfsyncError) -> str:
    """A failure as stderr shows it: what, details, fix; foreign text made inert."""
    from sfsync.cli.render.text import safe, safe_lines  # noqa: PLC0415 - start-up time

    first, _, details = error.message.partition("\n")
    lines = [f"sfsync: {safe(first)}"]
    if isinstance(error, ConfigError) and error.problems:
        from sfsync.config import render_problems  # noqa: PLC0415 - start-up time

        lines.insert(0, safe_lines(render_problems(error.problems)))
    lines += [f"  {safe(detail)}" for detail in details.splitlines()]
    if error.fix:
        lines.append(f"  fix: {safe(error.fix)}")
    return "\n".join(lines) + "\n"


def _write_document(document: dict[str, object]) -> None:
    from sfsync.cli.render.envelope import stdout_pieces  # noqa: PLC0415 - start-up time

    sys.stdout.writelines(stdout_pieces(document))


def _discard_stdout() -> None:
    """Let the interpreter's last flush go nowhere, in silence."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        # stdout is no file (a test's buffer) or closed already: nothing is left to flush.
        return


@contextmanager
def _terminable() -> Iterator[None]:
    """While inside, SIGTERM and SIGHUP unwind the stack; only the main thread may set that."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    # What is ignored stays so: that is what nohup is for.
    wanted = [one for one in _ENDINGS if signal.getsignal(one) is not signal.SIG_IGN]
    before = [(one, signal.signal(one, _terminate)) for one in wanted]
    try:
        yield
    finally:
        for one, handler in before:
            signal.signal(one, handler)


def _terminate(_number: int, _frame: FrameType | None) -> None:
    raise _Terminated
