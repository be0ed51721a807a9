"""The rules of WCAG 2.2 AA that a machine can check, by axe."""

import json
from dataclasses import dataclass

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
"""Which rules: all of A and AA, and what axe calls best practice, which is more than WCAG asks for."""

RESTING = """Promise.allSettled(document.getAnimations().filter((one) => one instanceof CSSTransition)
  .map((one) => one.finished))"""


@dataclass(frozen=True)
class Audit:
    """What axe found on a page."""

    passed: tuple[str, ...]
    violations: tuple[str, ...]
    unsure: tuple[str, ...]

    @classmethod
    def of(cls, page: Page, *include: str, leave_out: tuple[str, ...] = ()) -> "Audit":
        """Look at a page, or only at what selectors name, but at nothing that others name.

        axe cannot look into a closed frame, and is not sure of texts of one letter: such places are not judged.
        """
        if not page.evaluate("'axe' in window"):
            page.evaluate(AXE_SCRIPT)
        page.evaluate(RESTING)  # a color on its way from one theme to the other is none of either
        context = {"include": [[one] for one in include]} if include else {"include": [["html"]]}
        context["exclude"] = [[one] for one in leave_out]
        options = {"runOnly": {"type": "tag", "values": list(TAGS)}, "iframes": False}
        found = page.evaluate("([context, options]) => axe.run(context, options)", [context, options])
        return cls(
            tuple(sorted(rule["id"] for rule in found["passes"])),
            tuple(_in_words(rule, node) for rule in found["violations"] for node in rule["nodes"]),
            tuple(sorted(rule["id"] for rule in found["incomplete"])),
        )


def _in_words(rule: dict, node: dict) -> str:
    reasons = [check["message"] for check in (*node["any"], *node["all"], *node["none"])]
    return f"{rule['id']}: {json.dumps(node['target'])} {node['html'][:160]} ({'; '.join(reasons)[:240]})"
