"""Loops over pixels that no library has, compiled with numba when they first run.

Each module here holds one algorithm. Operations import it inside their functions, because
importing numba takes half a second. What a kernel computes is tested against a plain
version of it, or against a library.
"""
