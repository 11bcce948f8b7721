import base64

from reportlab.graphics.barcode.qr import QrCodeWidget

#: modules that stay empty around a code, so that cameras find it
QUIET = 4


def qr_image(text):
    """Return a QR code as the address of an SVG image, sharp at any size.

    Odoo's own route for codes makes bitmaps, for which a library is missing where
    `reportlab` came without its drawing backend.

    :param str text: what a camera is to read
    :return: str that an `img` can have as its `src`
    """
    code = QrCodeWidget(text, barLevel="M").qr
    code.make()
    path = "".join(
        f"M{x + QUIET} {y + QUIET}h1v1h-1z"
        for y, row in enumerate(code.modules)
        for x, dark in enumerate(row)
        if dark
    )
    size = len(code.modules) + 2 * QUIET
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}"'
        f' width="400" height="400" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{size}v{size}h-{size}z"/><path d="{path}"/></svg>'
    )
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"
