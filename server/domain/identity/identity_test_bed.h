// SPDX-License-Identifier: MIT
#pragma once

/// What the tests of identities share: the rules over a real authority and a real store in a folder
/// of the test, and devices that are a key and a request.

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "identities.h"

enum { NOW_S = 1763726400, DAY_S = 86400, LIFE_S = 90 * DAY_S, GRACE_S = 30 * DAY_S };

/// Owned by the caller; drop_device() frees the key.
struct device {
    EVP_PKEY *key;
    char request[2048];
};

extern struct bed {
    char folder[64];
    struct authority *authority;
    struct identity_store store;
    struct crypto crypto;
    struct fleet_host host;
    struct identity_herald herald;
    struct identities *identities;
    int64_t now_ms;
    unsigned published;
    bool herald_fails;
} bed;

/// What open_bed() opens the identities with.
struct identity_parts make_parts(void);

/// For the group: the authority is made once, since its rules do not change and it takes its time.
int open_authority(void **state);
int close_authority(void **state);

/// For every test.
int open_bed(void **state);
int close_bed(void **state);

struct device make_device(const char *common_name);
void drop_device(struct device *device);

/// Orders a token of an hour.
void make_token(const char *device_id, bool replaces, char token[IDENTITY_TOKEN_SIZE]);

struct enrolment order_of(const char *device_id, const struct device *device, const char *token);

enum identity_verdict enrol(const char *device_id, const struct device *device, const char *token,
                            struct certificate_record *out);

/// Enrols a fresh device and confirms it.
struct device enrol_device(const char *device_id, struct identity_peer *peer);

/// Shows the certificate to the server.
enum identity_verdict look(const struct certificate_record *record, struct identity_peer *peer);

enum identity_verdict renew(const struct identity_peer *peer, const struct device *device,
                            struct certificate_record *out);

/// Asserts what was written last.
void assert_last_audit(enum audit_kind kind, const char *detail);

#define BED_TEST(name) cmocka_unit_test_setup_teardown(name, open_bed, close_bed)
