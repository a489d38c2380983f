// SPDX-License-Identifier: MIT
#pragma once

/// A folder for tests of who reads certificates: pairs of a certificate that signed itself and its
/// key, cert.pem and key.pem, other.pem and other_key.pem; old.pem, which has expired, and
/// early.pem, which is not valid yet, with keys named likewise; and nonsense.pem, which is none.

/// Set-up and tear-down of a group of cmocka's tests; one folder a program.
int test_certificates_make(void **state);
int test_certificates_remove(void **state);

/// The path of a file in the folder, good for the next three calls too.
const char *test_certificates_path(const char *name);
