"""What `--help` shows of each command, to copy."""

from __future__ import annotations

import argparse

EXAMPLES = {
    "serve": """
  bridge serve main:app                              # the app behind an HTTP API, at http://127.0.0.1:8000/
  bridge serve main:handler --api rest --stage prod --reload
  bridge serve main:app --api url --streaming        # answers go out while the app makes them
  bridge serve main:app --env-file .env --inspect    # with the last requests at /_bridge/
  bridge serve chat:app --websocket --processes 3    # the app's WebSockets beside its pages
  bridge serve template.yaml --explain               # all APIs and functions of a SAM template
""",
    "send": """
  bridge send Jobs '{"order": 1}' '{"order": 2}'     # two messages of the queue Jobs, in one event
  cat event.json | bridge send Shop -                # the function Shop, with this event
""",
    "invoke": """
  bridge invoke main:handler event.json
  bridge event GET '/items?limit=3' | bridge invoke main:app -
""",
    "event": """
  bridge event GET '/items?limit=3'
  bridge event POST https://shop.example.com/orders -H 'Content-Type: application/json' -d '{"item": "tea"}'
  bridge event PUT /logo.png --api rest --stage prod -d @logo.png > event.json
  cat order.json | bridge event POST /orders --api alb --multi-value -d @-
""",
    "package": """
  bridge package --python 3.13 --arch arm64 -o function.zip
  bridge package --finish .aws-sam/build/Shop        # what sam build has made
""",
    "check": """
  bridge check function.zip
""",
    "coldstart": """
  bridge coldstart main:handler --starts 10
""",
}
"""Lines to copy by command. A command that has an epilog of its own keeps it."""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add examples to the commands that have none."""
    for name, parser in commands.choices.items():
        if not parser.epilog and name in EXAMPLES:
            parser.epilog = f"examples:{EXAMPLES[name]}"
            parser.formatter_class = argparse.RawDescriptionHelpFormatter
