// SPDX-License-Identifier: MIT
#pragma once

/// A token of SoftHSM 2 in a folder of its own, for tests.

#include "pkcs11_token.h"

/// Its PIN protects nothing but this test.
extern const char SOFTHSM_LABEL[];
extern const char SOFTHSM_PIN[];

/// The library, or NULL when it is not installed.
const char *softhsm_library(void);

/// Makes a folder and points SoftHSM there. Call it once, before the library is loaded.
void softhsm_begin(void);

/// The functions of the library, which stays loaded.
CK_FUNCTION_LIST *softhsm_functions(void);

/// Makes a new token in place of the one that was there. No library may be initialised.
void softhsm_renew(void);

void softhsm_end(void);
