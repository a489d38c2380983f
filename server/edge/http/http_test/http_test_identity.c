// SPDX-License-Identifier: MIT
#include "http_test_identity.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/rand.h>

#include "authority.h"
#include "fleet_audit.h"
#include "identities.h"
#include "identity_store_sqlite.h"
#include "openssl_crypto.h"
#include "test_folder.h"

enum { PATH_SIZE = 128, DAY_S = 86400 };

struct bed_identity {
    char folder[64];
    char certificate[PATH_SIZE];
    char key[PATH_SIZE];
    char trust[PATH_SIZE];
    struct authority *authority;
    struct identity_store store;
    struct crypto crypto;
    struct identity_herald herald;
    struct identities *identities;
    struct fleet_audit audit;
};

static enum status fill_random(void *ctx, uint8_t *out, size_t size)
{
    (void)ctx;
    return RAND_bytes(out, (int)size) == 1 ? STATUS_OK : STATUS_IO;
}

static enum status publish(void *ctx)
{
    (void)ctx;
    return STATUS_OK;
}

/// An authority takes a while to be made, mostly waiting for the disk: the process makes one, and
/// every bed gets a copy.
static char master[] = "/tmp/http_master_XXXXXX";

static void remove_master(void)
{
    const int failed = test_folder_remove(master);
    (void)failed; // A folder is left behind, no more.
}

static bool copy_master(const char *folder, int64_t now_s)
{
    static bool made;
    if (!made) {
        char reason[AUTHORITY_REASON_SIZE];
        struct authority *authority = NULL;
        const struct authority_options options = { .folder = master, .now_s = now_s };
        made = mkdtemp(master) != NULL && atexit(remove_master) == 0 &&
               authority_open(&options, &authority, reason) == STATUS_OK;
        authority_close(authority);
    }
    return made && test_folder_copy(master, folder) == 0;
}

struct bed_identity *bed_identity_open(const char *folder, const struct fleet_host *host)
{
    struct bed_identity *identity = calloc(1, sizeof *identity);
    char path[PATH_SIZE];
    char reason[AUTHORITY_REASON_SIZE];
    if (identity == NULL) {
        return NULL;
    }
    (void)snprintf(identity->folder, sizeof identity->folder, "%s", folder);
    (void)snprintf(path, sizeof path, "%s/pki", folder);
    (void)snprintf(identity->certificate, PATH_SIZE, "%s/devices_api/cert.pem", path);
    (void)snprintf(identity->key, PATH_SIZE, "%s/devices_api/key.pem", path);
    (void)snprintf(identity->trust, PATH_SIZE, "%s/devices.pem", path);
    const struct authority_options options = { .folder = path,
                                               .now_s = host->utc_ms(host->ctx) / 1000 };
    if (!copy_master(path, options.now_s) ||
        authority_open(&options, &identity->authority, reason) != STATUS_OK) {
        return NULL;
    }
    (void)snprintf(path, sizeof path, "%s/identity.db", folder);
    if (identity_store_sqlite_open(path, NULL, &identity->store) != STATUS_OK) {
        return NULL;
    }
    identity->crypto = openssl_crypto();
    identity->herald = (struct identity_herald){ .publish = publish };
    const struct identity_parts parts = {
        .store = &identity->store,
        .authority = authority_table(identity->authority),
        .crypto = &identity->crypto,
        .host = host,
        .herald = &identity->herald,
        .random = fill_random,
        .rules = { .life_s = 90 * DAY_S, .token_s = 3600, .grace_s = 30 * DAY_S },
    };
    if (identities_open(&parts, &identity->identities) != STATUS_OK) {
        return NULL;
    }
    fleet_audit_init(&identity->audit, identity->identities, host);
    return identity;
}

void bed_identity_close(struct bed_identity *identity)
{
    char path[PATH_SIZE];
    if (identity == NULL) {
        return;
    }
    fleet_audit_close(&identity->audit);
    identities_close(identity->identities);
    identity->store.close(identity->store.ctx);
    authority_close(identity->authority);
    (void)snprintf(path, sizeof path, "%s/pki", identity->folder);
    const int failed = test_folder_remove(path);
    (void)failed; // A folder is left behind, no more.
    (void)snprintf(path, sizeof path, "%s/identity.db", identity->folder);
    (void)remove(path);
    free(identity);
}

void bed_identity_configure(struct bed_identity *identity, struct http_server_config *config)
{
    config->identities = identity->identities;
    config->audit = &identity->audit;
    config->devices_certificate_file = identity->certificate;
    config->devices_key_file = identity->key;
    config->devices_trust_file = identity->trust;
}

struct fleet_audit *bed_identity_audit(struct bed_identity *identity)
{
    return &identity->audit;
}

struct identities *bed_identity_rules(const struct bed_identity *identity)
{
    return identity->identities;
}
