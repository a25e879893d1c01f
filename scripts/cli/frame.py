"""The frame that every command runs in: common options in, JSON or one line of failure out.

    @command(app, sends=True)
    def deposit(session: Session, amount: ...) -> dict[str, Any]:
        ...

The function is given a session in place of the common options, prints tables through `session.out`, and returns
what stands under "data" in the JSON document.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any, get_type_hints

import typer

from scripts.cli.failures import ExitCode, described, exit_code, message
from scripts.cli.options import SENDING, Options
from scripts.cli.output import Output
from scripts.cli.session import Session
from scripts.common.errors import KeelError

Command = Callable[..., dict[str, Any]]


def command(
    app: typer.Typer, name: str | None = None, *, sends: bool = False, without: Sequence[str] = ()
) -> Callable[[Command], Command]:
    """Registers a function as a command with the common options; with --yes and --dry-run if it `sends`.

    `without` names the panels of options (scripts.cli.options) that mean nothing to the command.
    """

    def decorate(function: Command) -> Command:
        offered = [
            parameter
            for parameter in _parameters(Options)
            if (sends or parameter.name not in SENDING) and _panel(parameter) not in without
        ]
        own = [parameter for parameter in _parameters(function) if parameter.name != "session"]
        context = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)

        def run(context: typer.Context, **given: Any) -> None:
            options = Options(**{key: given.pop(key) for key in (parameter.name for parameter in offered)})
            _run(
                words_of(context.command_path),
                function,
                Session(options, Output(options.as_json), sends),
                given,
            )

        functools.update_wrapper(run, function)
        # Typer reads these two.
        signature = inspect.Signature([context, *own, *offered])
        run.__signature__ = signature  # type: ignore[attr-defined]
        run.__annotations__ = {key: value.annotation for key, value in signature.parameters.items()}
        app.command(name)(run)
        return function

    return decorate


def words_of(command_path: str) -> str:
    """The command's words without `keel`."""
    return " ".join(command_path.split()[1:])


def fail(name: str, as_json: bool, code: ExitCode, text: str, error: KeelError | None = None) -> int:
    """Says why a command ends, in one line on stderr or in the JSON document; the exit code."""
    if as_json:
        Output(True).document({"ok": False, "command": name, "error": described(text, code, error)})
    else:
        typer.echo(f"keel {name}: {text}" if name else f"keel: {text}", err=True)
    return int(code)


def _run(name: str, function: Command, session: Session, given: dict[str, Any]) -> None:
    out = session.out
    try:
        session.check()
        data = function(session, **given)
    except KeelError as error:
        text = message(error, session.subject)
        raise typer.Exit(fail(name, out.as_json, exit_code(error), text, error)) from None
    except KeyboardInterrupt:
        raise typer.Exit(fail(name, out.as_json, ExitCode.INTERRUPTED, "interrupted")) from None
    finally:
        session.close()
    if out.as_json:
        out.document({"ok": True, "command": name, "data": data})


def _parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    hints = get_type_hints(function, include_extras=True)
    return [
        parameter.replace(annotation=hints[parameter.name], kind=inspect.Parameter.KEYWORD_ONLY)
        for parameter in inspect.signature(function).parameters.values()
    ]


def _panel(parameter: inspect.Parameter) -> str:
    (option,) = parameter.annotation.__metadata__
    return str(option.rich_help_panel)
