"""A widget on a page of its own, in the reader's hands."""

from playwright.sync_api import Page


class OnPage:
    """A widget on a page that `LivingPicture.save` wrote."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.stage, self.curve = page.locator(".mm-stage").first, page.locator(".mm-curve")
        self.caption = page.locator(".mm-caption")

    @property
    def state(self) -> dict:
        return self.page.evaluate("minimask.model.get('state')")

    def set(self, **entries) -> None:
        """Change the state as Python would."""
        self.page.evaluate(
            "(entries) => minimask.model.set('state', { ...minimask.model.get('state'), ...entries })", entries
        )
        self.settle()

    def settle(self) -> None:
        """Wait for the next picture."""
        self.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def drag(self, start: tuple[float, float], by: tuple[float, float]) -> None:
        """Press the mouse, move it in steps, and let go."""
        self.page.mouse.move(*start)
        self.page.mouse.down()
        self.page.mouse.move(start[0] + by[0], start[1] + by[1], steps=8)
        self.page.mouse.up()
        self.settle()

    def color(self, canvas: str, x: float, y: float) -> str:
        """Return the color at a place of a canvas, given as shares of its width and height."""
        return self.page.evaluate(
            """([canvas, x, y]) => {
              const node = document.querySelector(canvas);
              const { data } = node.getContext("2d").getImageData(x * node.width, y * node.height, 1, 1);
              return "#" + [...data.slice(0, 3)].map((v) => v.toString(16).padStart(2, "0")).join("").toUpperCase();
            }""",
            [canvas, x, y],
        )

    def touch(self, start: tuple[float, float], by: tuple[float, float]) -> None:
        """Put a finger down, move it in steps, and lift it."""
        wire = self.page.context.new_cdp_session(self.page)
        for step in range(11):
            place = {"x": start[0] + by[0] * step / 10, "y": start[1] + by[1] * step / 10}
            kind = "touchMove" if step else "touchStart"
            wire.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [place]})
        wire.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        self.page.wait_for_timeout(300)

    def controls_by_tab(self, count: int) -> list[str]:
        """Press Tab so many times, and return what each control calls itself."""
        labels = []
        for _ in range(count):
            self.page.keyboard.press("Tab")
            labels.append(
                self.page.evaluate(
                    "(() => { const node = document.activeElement;"
                    " return node.ariaLabel ?? node.closest('label, button, summary')?.innerText; })()"
                )
            )
        return labels

    def picture(self, canvas: str = ".mm-stage") -> str:
        return self.page.evaluate("(canvas) => document.querySelector(canvas).toDataURL()", canvas)
