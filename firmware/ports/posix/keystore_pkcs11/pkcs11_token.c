// SPDX-License-Identifier: MIT
#include "pkcs11_token.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

enum { SLOT_LIMIT = 32 };

static enum status complain(enum status status, char *fault, const char *what, const char *name)
{
    (void)snprintf(fault, PKCS11_TOKEN_FAULT_SIZE, "PKCS#11: %s %s", what, name);
    return status;
}

static enum status load_library(struct pkcs11_token *token,
                                const struct pkcs11_token_options *options, char *fault)
{
    CK_C_GetFunctionList get_list = NULL;

    if (options->module == NULL) {
        token->functions = options->functions;
        return STATUS_OK;
    }
    token->library = dlopen(options->module, RTLD_NOW | RTLD_LOCAL);
    if (token->library == NULL) {
        return complain(STATUS_MISSING, fault,
                        "the library cannot be loaded; install it:", options->module);
    }
    // POSIX lets a function pass through dlsym's pointer to an object, ISO C does not.
    *(void **)&get_list = dlsym(token->library, "C_GetFunctionList");
    if (get_list == NULL || get_list(&token->functions) != CKR_OK) {
        return complain(STATUS_MISSING, fault, "this is no library of the kind:", options->module);
    }
    return STATUS_OK;
}

static enum status initialise(struct pkcs11_token *token, char *fault)
{
    CK_C_INITIALIZE_ARGS arguments = { .flags = CKF_OS_LOCKING_OK };
    const CK_RV result = token->functions->C_Initialize(&arguments);

    token->is_initialised = result == CKR_OK;
    return result == CKR_OK || result == CKR_CRYPTOKI_ALREADY_INITIALIZED
               ? STATUS_OK
               : complain(STATUS_IO, fault, "the library does not start;", "see its own log");
}

/// Labels of tokens are padded with spaces, and have no NUL.
static bool has_label(const CK_TOKEN_INFO *info, const char *label)
{
    const size_t size = strlen(label);
    if (size > sizeof info->label || memcmp(info->label, label, size) != 0) {
        return false;
    }
    for (size_t i = size; i < sizeof info->label; i++) {
        if (info->label[i] != ' ') {
            return false;
        }
    }
    return true;
}

static enum status find_slot(struct pkcs11_token *token, const char *label, CK_SLOT_ID *slot,
                             char *fault)
{
    CK_SLOT_ID slots[SLOT_LIMIT];
    CK_ULONG count = SLOT_LIMIT;

    if (token->functions->C_GetSlotList(CK_TRUE, slots, &count) != CKR_OK) {
        return complain(STATUS_IO, fault, "the slots cannot be listed;", "see the library's log");
    }
    for (CK_ULONG i = 0; i < count; i++) {
        CK_TOKEN_INFO info;
        CK_SLOT_INFO place;
        if (token->functions->C_GetTokenInfo(slots[i], &info) == CKR_OK &&
            token->functions->C_GetSlotInfo(slots[i], &place) == CKR_OK &&
            has_label(&info, label)) {
            *slot = slots[i];
            token->is_hardware = (place.flags & CKF_HW_SLOT) != 0;
            return STATUS_OK;
        }
    }
    return complain(STATUS_MISSING, fault, "there is no token with the label", label);
}

static enum status log_in(struct pkcs11_token *token, CK_SLOT_ID slot, const char *pin, char *fault)
{
    const CK_FLAGS flags = CKF_SERIAL_SESSION | CKF_RW_SESSION;

    if (token->functions->C_OpenSession(slot, flags, NULL, NULL, &token->session) != CKR_OK) {
        return complain(STATUS_IO, fault, "the token opens no session;", "see the library's log");
    }
    token->has_session = true;
    const CK_RV result = token->functions->C_Login(token->session, CKU_USER, (CK_UTF8CHAR *)pin,
                                                   (CK_ULONG)strlen(pin));
    if (result == CKR_OK || result == CKR_USER_ALREADY_LOGGED_IN) {
        return STATUS_OK;
    }
    return result == CKR_PIN_INCORRECT || result == CKR_PIN_LEN_RANGE || result == CKR_PIN_LOCKED
               ? complain(STATUS_INVALID, fault, "the token refuses the PIN,",
                          result == CKR_PIN_LOCKED ? "and is locked" : "which is not its user's")
               : complain(STATUS_IO, fault, "the token lets nobody in;", "see the library's log");
}

enum status pkcs11_token_open(struct pkcs11_token *token,
                              const struct pkcs11_token_options *options,
                              char fault[PKCS11_TOKEN_FAULT_SIZE])
{
    CK_SLOT_ID slot = 0;

    *token = (struct pkcs11_token){ .library = NULL };
    enum status status = load_library(token, options, fault);
    if (status == STATUS_OK) {
        status = initialise(token, fault);
    }
    if (status == STATUS_OK) {
        status = find_slot(token, options->label, &slot, fault);
    }
    if (status == STATUS_OK) {
        status = log_in(token, slot, options->pin, fault);
    }
    if (status != STATUS_OK) {
        pkcs11_token_close(token);
    }
    return status;
}

void pkcs11_token_close(struct pkcs11_token *token)
{
    if (token->has_session) {
        (void)token->functions->C_CloseSession(token->session);
    }
    if (token->is_initialised) {
        (void)token->functions->C_Finalize(NULL);
    }
    if (token->library != NULL) {
        (void)dlclose(token->library);
    }
    *token = (struct pkcs11_token){ .library = NULL };
}

static CK_ATTRIBUTE attribute_of(CK_ATTRIBUTE_TYPE type, const void *bytes, size_t size)
{
    return (CK_ATTRIBUTE){ .type = type, .pValue = (void *)bytes, .ulValueLen = size };
}

enum status pkcs11_token_find(const struct pkcs11_token *token, CK_OBJECT_CLASS class,
                              const char *label, struct pkcs11_objects *found)
{
    const CK_FUNCTION_LIST *functions = token->functions;
    const CK_BBOOL yes = CK_TRUE;
    CK_ATTRIBUTE wanted[] = { attribute_of(CKA_CLASS, &class, sizeof class),
                              attribute_of(CKA_TOKEN, &yes, sizeof yes),
                              attribute_of(CKA_LABEL, label, strlen(label)) };
    CK_ULONG count = 0;

    if (functions->C_FindObjectsInit(token->session, wanted, 3) != CKR_OK) {
        return STATUS_IO;
    }
    const CK_RV result =
        functions->C_FindObjects(token->session, found->handles, PKCS11_TOKEN_FOUND_LIMIT, &count);
    const CK_RV ended = functions->C_FindObjectsFinal(token->session);
    found->count = count;
    // More than there is room for could hide the one that counts.
    return result == CKR_OK && ended == CKR_OK && count < PKCS11_TOKEN_FOUND_LIMIT ? STATUS_OK
                                                                                   : STATUS_IO;
}

enum status pkcs11_token_read(const struct pkcs11_token *token, CK_OBJECT_HANDLE object,
                              CK_ATTRIBUTE_TYPE attribute, void *out, size_t capacity, size_t *size)
{
    CK_ATTRIBUTE wanted = attribute_of(attribute, out, capacity);
    const CK_RV result = token->functions->C_GetAttributeValue(token->session, object, &wanted, 1);

    *size = result == CKR_OK ? wanted.ulValueLen : 0;
    return result == CKR_OK ? STATUS_OK : result == CKR_BUFFER_TOO_SMALL ? STATUS_FULL : STATUS_IO;
}

enum status pkcs11_token_keep(const struct pkcs11_token *token, const char *label,
                              const void *bytes, size_t size)
{
    const CK_OBJECT_CLASS class = CKO_DATA;
    const CK_BBOOL yes = CK_TRUE;
    static const char application[] = "ohmstead";
    CK_ATTRIBUTE made[] = { attribute_of(CKA_CLASS, &class, sizeof class),
                            attribute_of(CKA_TOKEN, &yes, sizeof yes),
                            attribute_of(CKA_PRIVATE, &yes, sizeof yes),
                            attribute_of(CKA_APPLICATION, application, sizeof application - 1),
                            attribute_of(CKA_LABEL, label, strlen(label)),
                            attribute_of(CKA_VALUE, bytes, size) };
    CK_OBJECT_HANDLE object = 0;

    return token->functions->C_CreateObject(token->session, made, sizeof made / sizeof made[0],
                                            &object) == CKR_OK
               ? STATUS_OK
               : STATUS_IO;
}

enum status pkcs11_token_generate(const struct pkcs11_token *token, const char *label,
                                  const uint8_t id[PKCS11_TOKEN_ID_SIZE])
{
    static const uint8_t prime256v1[] = { 0x06, 8, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07 };
    const CK_BBOOL yes = CK_TRUE;
    const CK_BBOOL no = CK_FALSE;
    CK_MECHANISM mechanism = { .mechanism = CKM_EC_KEY_PAIR_GEN };
    CK_ATTRIBUTE public_half[] = { attribute_of(CKA_EC_PARAMS, prime256v1, sizeof prime256v1),
                                   attribute_of(CKA_TOKEN, &yes, sizeof yes),
                                   attribute_of(CKA_VERIFY, &yes, sizeof yes),
                                   attribute_of(CKA_LABEL, label, strlen(label)),
                                   attribute_of(CKA_ID, id, PKCS11_TOKEN_ID_SIZE) };
    CK_ATTRIBUTE private_half[] = { attribute_of(CKA_TOKEN, &yes, sizeof yes),
                                    attribute_of(CKA_PRIVATE, &yes, sizeof yes),
                                    attribute_of(CKA_SENSITIVE, &yes, sizeof yes),
                                    attribute_of(CKA_EXTRACTABLE, &no, sizeof no),
                                    attribute_of(CKA_SIGN, &yes, sizeof yes),
                                    attribute_of(CKA_LABEL, label, strlen(label)),
                                    attribute_of(CKA_ID, id, PKCS11_TOKEN_ID_SIZE) };
    CK_OBJECT_HANDLE keys[2] = { 0 };

    return token->functions->C_GenerateKeyPair(
               token->session, &mechanism, public_half, sizeof public_half / sizeof public_half[0],
               private_half, sizeof private_half / sizeof private_half[0], &keys[0],
               &keys[1]) == CKR_OK
               ? STATUS_OK
               : STATUS_IO;
}

enum status pkcs11_token_destroy(const struct pkcs11_token *token, CK_OBJECT_HANDLE object)
{
    return token->functions->C_DestroyObject(token->session, object) == CKR_OK ? STATUS_OK
                                                                               : STATUS_IO;
}

enum status pkcs11_token_sign(const struct pkcs11_token *token, CK_OBJECT_HANDLE key,
                              const uint8_t digest[KEYSTORE_DIGEST_SIZE],
                              uint8_t signature[KEYSTORE_SIGNATURE_SIZE])
{
    const CK_FUNCTION_LIST *functions = token->functions;
    CK_MECHANISM mechanism = { .mechanism = CKM_ECDSA };
    CK_ULONG size = KEYSTORE_SIGNATURE_SIZE;

    // r and s side by side, each as long as the order (PKCS #11 2.40 section 2.3.1).
    return functions->C_SignInit(token->session, &mechanism, key) == CKR_OK &&
                   functions->C_Sign(token->session, (CK_BYTE *)digest, KEYSTORE_DIGEST_SIZE,
                                     signature, &size) == CKR_OK &&
                   size == KEYSTORE_SIGNATURE_SIZE
               ? STATUS_OK
               : STATUS_IO;
}
