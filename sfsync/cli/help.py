"""`sfsync help`: a topic, an error code, or a command."""

from difflib import get_close_matches
from typing import Annotated, Any

import typer

from sfsync.cli.context import context_of
from sfsync.cli.frame import topics, tree
from sfsync.errors import NotFoundError

app = tree.new_app()


@tree.command(
    app,
    "help",
    "sfsync help exit-codes",
    "sfsync help missing-field",
    "sfsync help invoice list",
)
def help_(
    ctx: typer.Context,
    about: Annotated[
        list[str] | None, typer.Argument(help="a topic, an error code, or a command")
    ] = None,
) -> None:
    """Explain a command, a topic or an error code.

    Topics: exit-codes, environment, json, files, cron, errors.
    """
    words = about or []
    text = explained(ctx, words)
    context_of(ctx).emit("help", {"about": words, "text": text}, text=text)


def explained(ctx: typer.Context, words: list[str]) -> str:
    """The text about `words`.

    Raises:
        NotFoundError: there is no such topic, code or command.
    """
    root = ctx.find_root()
    if not words:
        return root.get_help() + "\n\nTopics: " + ", ".join(topics.TOPICS) + "\n"
    if words[0] in topics.TOPICS:
        if len(words) == 1:
            return topics.TOPICS[words[0]]()
        if words[0] == "errors":
            return _error_help(words[1:])
        raise _unknown(" ".join(words), list(topics.TOPICS))
    if words[0] in tree.entries():
        return _command_help(root, words)
    return _error_help(words, *topics.TOPICS, *tree.entries())


def _error_help(words: list[str], *others: str) -> str:
    from sfsync.cli.frame.codes import known_codes  # noqa: PLC0415 - start-up time

    found = topics.error_code(words[0]) if len(words) == 1 else None
    if found is None:
        raise _unknown(" ".join(words), [*others, *known_codes()])
    return found


def _command_help(root: Any, words: list[str]) -> str:  # noqa: ANN401 - the parser's own context
    parent, command = root, root.command
    for word in words:
        found = tree.subcommand(command, word)
        if found is None:
            raise _unknown(word, list(getattr(command, "commands", {})))
        command = found
        parent = typer.Context(command, info_name=word, parent=parent)
    return f"{parent.get_help()}\n"


def _unknown(word: str, known: list[str]) -> NotFoundError:
    close = get_close_matches(word.casefold(), known, n=3)
    hint = f" Did you mean {' or '.join(repr(one) for one in close)}?" if close else ""
    return NotFoundError(
        f"there is no help about '{word}'.{hint}", code="help-not-found", fix="sfsync help errors"
    )
