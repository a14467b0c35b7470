"""The media type of a file by the end of its name."""

from __future__ import annotations

# Types of the web's usual files: most apps never load Python's larger table.
CONTENT_TYPES = {
    "avif": "image/avif",
    "bin": "application/octet-stream",
    "css": "text/css; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "gif": "image/gif",
    "gz": "application/gzip",
    "htm": "text/html; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "ico": "image/x-icon",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "map": "application/json",
    "md": "text/markdown; charset=utf-8",
    "mjs": "text/javascript; charset=utf-8",
    "mp3": "audio/mpeg",
    "mp4": "video/mp4",
    "ogg": "audio/ogg",
    "pdf": "application/pdf",
    "png": "image/png",
    "svg": "image/svg+xml",
    "tar": "application/x-tar",
    "ttf": "font/ttf",
    "txt": "text/plain; charset=utf-8",
    "wasm": "application/wasm",
    "wav": "audio/wav",
    "webm": "video/webm",
    "webmanifest": "application/manifest+json",
    "webp": "image/webp",
    "woff": "font/woff",
    "woff2": "font/woff2",
    "xml": "application/xml",
    "zip": "application/zip",
}


def content_type(name: str) -> str:
    """The media type for a file name; application/octet-stream when nothing better is known.

    The mime.types files of the system are not asked, unless the app itself calls mimetypes.init():
    the same app answers the same on every device.
    """
    stem, dot, ending = name.rpartition(".")
    if not dot or not stem:
        return "application/octet-stream"
    known = CONTENT_TYPES.get(ending.lower())
    if known is not None:
        return known
    import mimetypes

    found = mimetypes.types_map.get(f".{ending.lower()}", "application/octet-stream")
    return f"{found}; charset=utf-8" if found.startswith("text/") else found


def is_compressible(media_type: str) -> bool:
    """Whether content of this type usually shrinks: not what is compressed in itself."""
    kind = media_type.partition(";")[0].strip().lower()
    if kind == "image/svg+xml":
        return True
    if kind.startswith(("audio/", "video/", "image/", "font/woff")):
        return False
    return kind not in ("application/gzip", "application/zip", "application/pdf")
