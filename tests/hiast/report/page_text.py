"""What a browser would show of a page, and what it would ask for."""

from html.parser import HTMLParser


class PageText(HTMLParser):
    """Tables as rows of text, links, image addresses and every tag of a page."""

    def __init__(self, page):
        super().__init__()
        self.rows, self.links, self.images, self.tags, self.text = [], [], [], [], ""
        self._cell = None
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.tags.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self._cell = ""
        if tag == "a":
            self.links.append(values["href"])
        if tag == "img":
            self.images.append(values["src"])

    def handle_data(self, data):
        self.text += data
        if self._cell is not None:
            self._cell += data

    def handle_endtag(self, tag):
        if tag in ("td", "th") and self._cell is not None:
            self.rows[-1].append(" ".join(self._cell.split()))
            self._cell = None

    def row(self, name):
        """The cells behind the first one of the row that begins with `name`."""
        (found,) = [row for row in self.rows if row and row[0] == name]
        return found[1:]
