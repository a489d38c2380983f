// SPDX-License-Identifier: MIT
#include "identity_folder.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

/// Where entries go.
struct target {
    const struct identity_folder *folder;
    enum status (*add)(void *to, const struct identity_entry *entry);
    void *to;
};

/// @return STATUS_MISSING  there is no such file;  STATUS_CORRUPT  it is no certificate.
static enum status digest_of(const char *path, uint8_t digest[CRYPTO_SHA256_SIZE])
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return errno == ENOENT ? STATUS_MISSING : STATUS_CORRUPT;
    }
    X509 *x509 = PEM_read_X509(file, NULL, NULL, NULL);
    const bool good = x509 != NULL && X509_digest(x509, EVP_sha256(), digest, NULL) == 1;
    X509_free(x509);
    (void)fclose(file);
    return good ? STATUS_OK : STATUS_CORRUPT;
}

static enum status add_one(const struct target *target, const char *kind, const char *name,
                           enum identity_role role)
{
    char path[PATH_MAX];
    struct identity_entry entry = { .state = IDENTITY_ACTIVE, .role = role };
    const size_t name_size = strlen(name);

    if (!identity_name_is_good(name, name_size)) {
        return STATUS_OK; // Also "." and "..".
    }
    memcpy(entry.name, name, name_size);
    (void)snprintf(path, sizeof path, "%s/%s%s%s/cert.pem", target->folder->path, kind,
                   kind[0] != '\0' ? "/" : "", name);
    const enum status status = digest_of(path, entry.certificate_sha256);
    if (status == STATUS_CORRUPT) {
        fleet_log_line(target->folder->log, FLEET_LOG_WARNING,
                       "%s: this is no certificate in PEM form; its owner cannot connect", path);
    }
    return status == STATUS_OK ? target->add(target->to, &entry) : STATUS_OK;
}

static enum status add_kind(const struct target *target, const char *kind, enum identity_role role)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/%s", target->folder->path, kind);
    DIR *folder = opendir(path);
    if (folder == NULL) {
        return errno == ENOENT ? STATUS_OK : STATUS_IO;
    }
    enum status status = STATUS_OK;
    errno = 0;
    for (const struct dirent *found = readdir(folder); found != NULL && status == STATUS_OK;
         found = readdir(folder)) {
        status = add_one(target, kind, found->d_name, role);
        errno = 0;
    }
    if (status == STATUS_OK && errno != 0) {
        status = STATUS_IO;
    }
    (void)closedir(folder);
    return status;
}

enum status identity_folder_each(void *folder,
                                 enum status (*add)(void *to, const struct identity_entry *entry),
                                 void *to)
{
    const struct target target = { folder, add, to };
    enum status status = add_one(&target, "", "ohmd", IDENTITY_SERVER);
    if (status == STATUS_OK) {
        status = add_kind(&target, "devices", IDENTITY_DEVICE);
    }
    if (status == STATUS_OK) {
        status = add_kind(&target, "operators", IDENTITY_OPERATOR);
    }
    return status;
}
