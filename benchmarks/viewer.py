"""The viewer in Chromium on 2048×1024 labels of 19 classes: from a person's action to pixels.

    python -m benchmarks.viewer [--images 500] [--renderer 2d|webgl] [--labels 60]

Against one API process as `./studio up` starts it. "To pixels": from the event until the frame that shows
it has been handed over. Memory: resident memory of all of Chromium's processes while images are looked at.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from backend.database import open_engine
from backend.migrations import upgrade_database
from benchmarks.review_load import memory, start_api
from benchmarks.reviewable_round import make_round

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
SIZE = (1024, 2048)
# Runs `act(i)` n times, each in a fresh frame; answers milliseconds until its own frame was handed over.
TO_PIXELS = """async ([source, n]) => {
  const act = eval(source), frame = () => new Promise(requestAnimationFrame);
  const handedOver = () => new Promise((done) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = done;
    requestAnimationFrame(() => port2.postMessage(0));
  });
  const times = [];
  for (let i = 0; i < n; i++) {
    await frame(); await frame();
    const start = performance.now();
    act(i);
    await handedOver();
    times.push(performance.now() - start);
  }
  return times;
}"""
SLIDE = (
    "(i) => {{ const e = document.querySelector('{0}'); e.value = {1};"
    " e.dispatchEvent(new Event('input', {{ bubbles: true }})); }}"
)
CLICK = "(i) => document.querySelector('{0}').click()"
WHEEL = (
    "(i) => document.querySelector('#canvas-right').dispatchEvent(new WheelEvent('wheel',"
    " { deltaY: i % 20 < 10 ? -120 : 120, cancelable: true }))"
)
ACTIONS = {
    "opacity": SLIDE.format("#opacity", "20 + (i * 7) % 80"),
    "threshold": SLIDE.format("#theta", "900 + (i * 97) % 2400"),
    "class on, off": CLICK.format("#legend-1 input"),
    "solo": CLICK.format("#legend-2 .vw-name"),
    "contour": CLICK.format("#contour"),
    "layer": "(i) => document.querySelectorAll('[data-layer]')[1 + (i % 6)].click()",
    "wheel zoom": WHEEL,
}


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield browser
        browser.close()


def spread(times: list[float]) -> str:
    """Median and 95th percentile, milliseconds."""
    ordered = sorted(times)
    return f"{statistics.median(ordered):7.1f}{ordered[int(0.95 * len(ordered))]:8.1f}  ms (median, p95)"


def browser_memory() -> float:
    """Resident memory of all Chromium processes, MiB; what they share counts once for each."""
    total = 0
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            lines = status.read_text().splitlines()
        except OSError:
            continue
        if "chromium" in lines[0]:
            total += sum(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))
    return total / 1024


def wait_for_picture(page: Page, label: int) -> None:
    """Until the label is painted."""
    page.wait_for_function(
        "(id) => (({ label, right }) => label?.id === id && !right.frame)"
        "(window.STUDIO?.inspect?.picture ?? {})",
        arg=label,
    )


def first_paint(browser: Browser, url: str, label: int) -> float:
    """Milliseconds from navigation to a painted label, in a browser that has never been here."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    start = time.perf_counter()
    page.goto(f"{url}/ui/inspect?label={label}", wait_until="commit")
    wait_for_picture(page, label)
    taken = 1000 * (time.perf_counter() - start)
    context.close()
    return taken


def next_images(page: Page, count: int, rest_ms: float) -> list[float]:
    """Milliseconds from the key to a painted label; `rest_ms` is what a person looks at each."""
    times = []
    for _ in range(count):
        page.wait_for_timeout(rest_ms)
        before = page.evaluate("window.STUDIO.inspect.label.id")
        times.append(
            page.evaluate(
                """async (before) => {
                  const start = performance.now();
                  document.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight' }));
                  const { picture } = window.STUDIO.inspect;
                  while (picture.label.id === before || picture.right.frame) {
                    await new Promise(requestAnimationFrame);
                  }
                  return performance.now() - start;
                }""",
                before,
            )
        )
    return times


def report(url: str, labels: list[int], images: int, renderer: str) -> None:
    with chromium() as browser:
        paints = [first_paint(browser, url, labels[0]) for _ in range(3)]
        print(f"first paint of Inspect     {spread(paints)}")
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(f"{url}/ui/inspect?label={labels[0]}&renderer={renderer}")
        wait_for_picture(page, labels[0])
        page.locator("#legend-1 [data-act=adjust]").click()
        for name, source in ACTIONS.items():
            page.evaluate(TO_PIXELS, [source, 5])
            print(f"{name:27}{spread(page.evaluate(TO_PIXELS, [source, 60]))}")
        page.keyboard.press("Escape")
        print(f"next image, prefetched     {spread(next_images(page, 20, 1200))}")
        page.goto("about:blank")
        cold = []
        for label in labels[-12:]:
            page.goto(f"{url}/ui/inspect?label={labels[0]}&renderer={renderer}")
            wait_for_picture(page, labels[0])
            page.wait_for_timeout(800)
            cold.append(
                page.evaluate(
                    """async (id) => {
                      const start = performance.now(), { inspect } = window.STUDIO;
                      await inspect.open(id);
                      while (inspect.picture.right.frame) await new Promise(requestAnimationFrame);
                      return performance.now() - start;
                    }""",
                    label,
                )
            )
        print(f"next image, cold           {spread(cold)}")
        print(
            f"worst of a class left out  {spread(worst_left_out(page, 12))}  (two keys, until it is stored)"
        )
        watch_memory(page, url, labels, images)


def worst_left_out(page: Page, times: int) -> list[float]:
    """From the key that asks for the worst image of a class until its veto is stored."""
    page.locator("#legend-1 [data-act=focus]").click()
    return [
        page.evaluate(
            """async () => {
              const press = (key) => document.dispatchEvent(new KeyboardEvent('keydown', { key }));
              const said = (words) => new Promise((resolve) => {
                const look = () => (document.querySelector('#message').textContent.includes(words)
                  ? resolve() : requestAnimationFrame(look));
                look();
              });
              const start = performance.now();
              press('w');
              await said('least sure here');
              press('d');
              await said('not trained on');
              return performance.now() - start;
            }"""
        )
        for _ in range(times)
    ]


def watch_memory(page: Page, url: str, labels: list[int], images: int) -> None:
    page.goto(f"{url}/ui/inspect?label={labels[0]}")
    wait_for_picture(page, labels[0])
    seen = []
    for number in range(1, images + 1):
        page.evaluate("(id) => window.STUDIO.inspect.open(id)", labels[number % len(labels)])
        if number % max(1, images // 10) == 0:
            seen.append(browser_memory())
    print(
        "browser memory, MiB        "
        + " ".join(f"{value:.0f}" for value in seen)
        + f"  over {images} images"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=500)
    parser.add_argument("--labels", type=int, default=60)
    parser.add_argument("--renderer", choices=("2d", "webgl"), default="2d")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        database = f"sqlite:///{home / 'studio.sqlite'}"
        upgrade_database(database)
        engine = open_engine(database)
        _, labels = make_round(
            engine, home / "artifacts", home / "photos", labels=arguments.labels, size=SIZE
        )
        process, url = start_api(home)
        try:
            report(url, labels, arguments.images, arguments.renderer)
            print(f"API process                {memory(process)}")
        finally:
            process.terminate()
            process.wait(20)


if __name__ == "__main__":
    main()
