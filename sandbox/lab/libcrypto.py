"""The two things that SSH needs of OpenSSL's library and Python's standard one does not offer."""

from __future__ import annotations

import ctypes
from functools import cache

ED25519 = 1087  # NID_ED25519


@cache
def _library() -> ctypes.CDLL:
    library = ctypes.CDLL("libcrypto.so.3")
    for name in ("EVP_PKEY_new_raw_private_key", "EVP_MD_CTX_new", "EVP_CIPHER_CTX_new",
                 "EVP_aes_128_ctr"):  # fmt: skip
        getattr(library, name).restype = ctypes.c_void_p
    return library


def _must(result: int | None) -> int:
    if not result or result < 0:
        raise ValueError("libcrypto refused")
    return result


class SigningKey:
    """An Ed25519 key from its 32 secret bytes."""

    def __init__(self, secret: bytes) -> None:
        found = _library().EVP_PKEY_new_raw_private_key(ED25519, None, secret, ctypes.c_size_t(32))
        self._key = ctypes.c_void_p(_must(found))

    @property
    def public(self) -> bytes:
        made, size = ctypes.create_string_buffer(32), ctypes.c_size_t(32)
        _must(_library().EVP_PKEY_get_raw_public_key(self._key, made, ctypes.byref(size)))
        return made.raw

    def sign(self, message: bytes) -> bytes:
        library = _library()
        made, size = ctypes.create_string_buffer(64), ctypes.c_size_t(64)
        context = ctypes.c_void_p(_must(library.EVP_MD_CTX_new()))
        try:
            _must(library.EVP_DigestSignInit(context, None, None, None, self._key))
            length = ctypes.c_size_t(len(message))
            _must(library.EVP_DigestSign(context, made, ctypes.byref(size), message, length))
        finally:
            library.EVP_MD_CTX_free(context)
        return made.raw


class Aes128Ctr:
    """One direction of a stream; encrypting and decrypting are the same."""

    def __init__(self, key: bytes, counter: bytes) -> None:
        library = _library()
        self._context = ctypes.c_void_p(_must(library.EVP_CIPHER_CTX_new()))
        cipher = ctypes.c_void_p(library.EVP_aes_128_ctr())
        _must(library.EVP_EncryptInit_ex(self._context, cipher, None, key, counter))

    def __call__(self, data: bytes) -> bytes:
        made, size = ctypes.create_string_buffer(len(data) + 16), ctypes.c_int(0)
        _must(
            _library().EVP_EncryptUpdate(
                self._context, made, ctypes.byref(size), data, ctypes.c_int(len(data))
            )
        )
        return made.raw[: size.value]

    def close(self) -> None:
        _library().EVP_CIPHER_CTX_free(self._context)
