// SPDX-License-Identifier: MIT
#include "softhsm_token.h"

#include <dlfcn.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

const char SOFTHSM_LABEL[] = "ohmstead test";
const char SOFTHSM_PIN[] = "1234";

static char folder[64];

const char *softhsm_library(void)
{
    static const char *const places[] = { "/usr/lib/softhsm/libsofthsm2.so",
                                          "/usr/lib64/pkcs11/libsofthsm2.so" };
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (access(places[i], R_OK) == 0) {
            return places[i];
        }
    }
    return NULL;
}

void softhsm_begin(void)
{
    char path[96];

    // SoftHSM syncs every object, several times: in memory that is twenty times faster.
    (void)snprintf(folder, sizeof folder, "%s/ohm-test-softhsm-XXXXXX",
                   access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/softhsm2.conf", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fprintf(file,
                  "directories.tokendir = %s/tokens\nobjectstore.backend = file\n"
                  "log.level = ERROR\n",
                  folder);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(setenv("SOFTHSM2_CONF", path, 1), 0);
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info;
    (void)kind;
    (void)place;
    return remove(path);
}

static void remove_all(const char *name)
{
    enum { DESCRIPTORS = 8 };
    char path[96];
    (void)snprintf(path, sizeof path, "%s%s", folder, name);
    assert_true(access(path, F_OK) != 0 ||
                nftw(path, remove_one, DESCRIPTORS, FTW_DEPTH | FTW_PHYS) == 0);
}

CK_FUNCTION_LIST *softhsm_functions(void)
{
    CK_C_GetFunctionList get_list = NULL;
    CK_FUNCTION_LIST *functions = NULL;
    void *library = dlopen(softhsm_library(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

    assert_non_null(library);
    *(void **)&get_list = dlsym(library, "C_GetFunctionList");
    assert_int_equal(get_list(&functions), CKR_OK);
    assert_int_equal(dlclose(library), 0);
    return functions;
}

static void make_token(CK_FUNCTION_LIST *functions)
{
    CK_C_INITIALIZE_ARGS arguments = { .flags = CKF_OS_LOCKING_OK };
    CK_SLOT_ID slots[4];
    CK_ULONG count = 4;
    CK_SESSION_HANDLE session = 0;
    CK_UTF8CHAR label[32];

    memset(label, ' ', sizeof label);
    memcpy(label, SOFTHSM_LABEL, strlen(SOFTHSM_LABEL));
    assert_int_equal(functions->C_Initialize(&arguments), CKR_OK);
    assert_int_equal(functions->C_GetSlotList(CK_TRUE, slots, &count), CKR_OK);
    assert_int_equal(count, 1); // The one that waits for a token.
    assert_int_equal(functions->C_InitToken(slots[0], (CK_UTF8CHAR *)"87654321", 8, label), CKR_OK);
    assert_int_equal(functions->C_OpenSession(slots[0], CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL,
                                              NULL, &session),
                     CKR_OK);
    assert_int_equal(functions->C_Login(session, CKU_SO, (CK_UTF8CHAR *)"87654321", 8), CKR_OK);
    assert_int_equal(functions->C_InitPIN(session, (CK_UTF8CHAR *)SOFTHSM_PIN, 4), CKR_OK);
    assert_int_equal(functions->C_Finalize(NULL), CKR_OK);
}

void softhsm_renew(void)
{
    char tokens[96];

    remove_all("/tokens");
    (void)snprintf(tokens, sizeof tokens, "%s/tokens", folder);
    assert_int_equal(mkdir(tokens, 0700), 0);
    make_token(softhsm_functions());
}

void softhsm_end(void)
{
    remove_all("");
}
