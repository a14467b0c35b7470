"""Writers of the formats that a disk image is made of: bytes in, bytes out.

They know nothing of this project, touch no file and no clock, and the same input gives the same bytes. Where a format is
mostly empty space (fat, gpt) the result is a list of pieces, (offset, bytes), everything between them being zeros.
"""
