"""The command tree: which file answers to which word, in the order that help shows.

Files are imported when their word is used, so that a command pays for itself alone.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Function = TypeVar("Function", bound="Callable[..., Any]")

CONTEXT_SETTINGS: dict[str, Any] = {
    "help_option_names": ["-h", "--help"],
    "max_content_width": 100,
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One word after `sfsync`: the module that has its `app`, and its line in the overview."""

    module: str
    summary: str


SECTIONS: dict[str, dict[str, Entry]] = {
    "Start here": {
        "demo": Entry("sfsync.cli.demo", "The embedded demo org: everything without an account."),
        "connect": Entry("sfsync.cli.connect", "Sign in to Salesforce."),
        "disconnect": Entry("sfsync.cli.disconnect", "Revoke the sign-in and forget it."),
        "status": Entry("sfsync.cli.status", "Show connection, config, ledger, what needs you."),
        "doctor": Entry("sfsync.cli.doctor", "Check everything that a run depends on."),
    },
    "Configure": {
        "config": Entry("sfsync.cli.config", "Write, check and explain the mapping file."),
        "org": Entry("sfsync.cli.org", "Look at the connected Salesforce org."),
    },
    "Sync": {
        "sync": Entry("sfsync.cli.sync", "Read Salesforce and write customers, contacts, drafts."),
        "explain": Entry("sfsync.cli.explain", "Why a deal is, or is not, an invoice."),
        "history": Entry("sfsync.cli.history", "Past runs and what became of each record."),
        "schedule": Entry("sfsync.cli.schedule", "When it runs by itself: cron, systemd timer."),
        "opportunity": Entry("sfsync.cli.opportunity", "Deals as last read: won, not invoiced."),
    },
    "Invoices": {
        "invoice": Entry("sfsync.cli.invoice", "Drafts and posted invoices."),
        "payment": Entry("sfsync.cli.payment", "Payments received for posted invoices."),
        "customer": Entry("sfsync.cli.customer", "Customers of the ledger."),
        "contact": Entry("sfsync.cli.contact", "Contacts of the customers."),
        "product": Entry("sfsync.cli.product", "Products that invoice lines name."),
    },
    "Reports and files": {
        "report": Entry("sfsync.cli.report", "Questions asked of the ledger: revenue, aging."),
        "export": Entry("sfsync.cli.export", "Invoices, lines, customers, journal into a file."),
    },
    "Ledger": {
        "journal": Entry("sfsync.cli.journal", "The general ledger: list, balance, close, export."),
        "audit": Entry("sfsync.cli.audit", "Who did what, when and why."),
        "db": Entry("sfsync.cli.db", "The ledger file."),
    },
    "More": {
        "help": Entry("sfsync.cli.help", "Explain a command, a topic or an error code."),
    },
}

GLOBAL_HINT = "Global flags (-c, --ledger, --json, --format, -o, -q, …) work anywhere: sfsync -h"


def entries() -> dict[str, Entry]:
    """Every word after `sfsync`, in the order of the overview."""
    return {word: entry for section in SECTIONS.values() for word, entry in section.items()}


class Group(TyperGroup):
    """A group of commands. Alone it shows its help; under --json that is a usage error."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - Typer's own
        """Read the words after the group's name."""
        alone = not args and not self.invoke_without_command
        if alone and not getattr(ctx.obj, "json", False):
            args = ["--help"]
        _refuse_repeated(self, ctx, args)
        return super().parse_args(ctx, args)


class Leaf(TyperCommand):
    """A command that does something."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - Typer's own
        """Read the words after the command's name."""
        _refuse_repeated(self, ctx, args)
        return super().parse_args(ctx, args)


def _refuse_repeated(command: Any, ctx: Any, args: list[str]) -> None:  # noqa: ANN401 - Typer's own
    """Take no option with a value twice: the parser would drop the first one in silence.

    Raises:
        TyperException: an option was repeated, or the parser cannot read the words; it has `ctx`.
    """
    try:
        _, _, given = command.make_parser(ctx).parse_args(args=list(args))
    except typer.TyperException as error:
        # The parser does not always say of which command it speaks.
        if getattr(error, "ctx", ctx) is None:
            vars(error)["ctx"] = ctx
        raise
    if ctx.resilient_parsing:  # a shell asks what could come next
        return
    once = [one for one in given if not (getattr(one, "is_flag", True) or one.multiple)]
    for one in once:
        if once.count(one) > 1 and not any(each.is_eager for each in given):
            ctx.fail(f"{one.opts[0]} is given twice.")


class Root(Group):
    """`sfsync` itself: its commands come from `SECTIONS` and are imported on use."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401, ARG002 - Typer's own
        """The words in the order of the overview."""
        return list(self.commands)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401, ARG002 - Typer's own
        """The command of that name, None when there is none."""
        return subcommand(self, cmd_name)

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401, ARG002 - Typer's own
        """The overview in place of a list of options."""
        from sfsync.cli.frame.overview import overview  # noqa: PLC0415 - start-up time

        formatter.write(overview())


def root() -> Root:
    """The root command, with placeholders for everything that is not imported yet."""
    found = Root(name="sfsync", context_settings=CONTEXT_SETTINGS, rich_markup_mode=None)
    # The parser lists these names when it suggests a word; the values are filled in on use.
    placeholders: Any = dict.fromkeys(entries())
    found.commands = placeholders
    return found


def subcommand(command: Any, word: str) -> Any:  # noqa: ANN401 - the parser's classes are private
    """The command called `word` below `command`, None when there is none; imports it if needed."""
    commands = getattr(command, "commands", {})
    if word in commands and commands[word] is None:
        commands[word] = _imported(word)
    return commands.get(word)


def _imported(word: str) -> Any:  # noqa: ANN401 - the parser's classes are private
    app: typer.Typer = import_module(entries()[word].module).app
    command = get_command(app)
    command.name = word
    return command


def takes_value(command: Any, option: str) -> bool:  # noqa: ANN401 - as above
    """Whether `option` of `command` consumes the next word."""
    for parameter in command.params:
        if option in (*parameter.opts, *parameter.secondary_opts):
            return not getattr(parameter, "is_flag", False)
    return False


def leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:  # noqa: ANN401 - as above
    """Every command that does something, with the words that lead to it."""
    words = list(getattr(command, "commands", {}))
    if not words or getattr(command, "invoke_without_command", False):
        yield path, command
    for word in words:
        yield from leaves(subcommand(command, word), (*path, word))


def new_app(help_text: str = "", *examples: str, bare: bool = False) -> typer.Typer:
    """An app for one file of commands.

    Args:
        help_text: given for a group (``sfsync invoice …``), empty for a single command.
        examples: two to four whole command lines of the group; a bare one has those of `command`.
        bare: the group also does something by itself, by a callback of its own.
    """
    app = typer.Typer(
        name=None,
        cls=Group,
        help=_with_examples(help_text, examples) if examples else help_text or None,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        invoke_without_command=bare,
        context_settings=CONTEXT_SETTINGS,
        epilog=GLOBAL_HINT,
    )
    if help_text and not bare:
        app.callback()(_nothing)
    return app


def _nothing() -> None:
    pass


def command(
    app: typer.Typer, name: str, *examples: str, group: bool = False
) -> Callable[[Function], Function]:
    """Add a command to `app`; its help is the docstring and two to four examples.

    Args:
        app: from `new_app`.
        name: the last word of the command.
        examples: whole command lines beginning with ``sfsync``.
        group: register as what the group does by itself (`new_app(bare=True)`).
    """

    def register(function: Function) -> Function:
        text = _with_examples(inspect.getdoc(function) or "", examples)
        if group:
            app.callback(invoke_without_command=True, help=text, epilog=GLOBAL_HINT)(function)
        else:
            settings = dict(CONTEXT_SETTINGS)
            app.command(name, cls=Leaf, help=text, epilog=GLOBAL_HINT, context_settings=settings)(
                function
            )
        return function

    return register


def _with_examples(text: str, examples: tuple[str, ...]) -> str:
    # The parser keeps the line breaks of a paragraph that begins with a backspace.
    lines = "\n".join(f"  $ {example}" for example in examples)
    return f"{text}\n\n\b\nExamples:\n{lines}"
