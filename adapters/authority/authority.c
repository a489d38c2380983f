// SPDX-License-Identifier: MIT
#include "authority.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/x509v3.h>

#include "authority_parts.h"

enum { DAY_S = 86400 };

struct part_files {
    const char *name;
    const char *certificate;
    const char *key;
    const char *common_name;
};

static const struct part_files FILES[AUTHORITY_PART_COUNT] = {
    [AUTHORITY_PART_DEVICES] = { "devices", "devices.pem", "devices_key.pem", "devices" },
    [AUTHORITY_PART_SERVERS] = { "servers", "servers.pem", "servers_key.pem", "servers" },
    [AUTHORITY_PART_ROOT] = { "root", "root.pem", "root_key.pem", "root" },
};

static const struct certificate_extension ROOT[] = {
    { NID_basic_constraints, "critical,CA:TRUE,pathlen:1" },
    { NID_key_usage, "critical,keyCertSign,cRLSign" },
    { NID_subject_key_identifier, "hash" },
};

static const struct certificate_extension DEVICES[] = {
    { NID_basic_constraints, "critical,CA:TRUE,pathlen:0" },
    { NID_key_usage, "critical,keyCertSign,cRLSign" },
    { NID_ext_key_usage, "clientAuth" },
    { NID_subject_key_identifier, "hash" },
    { NID_authority_key_identifier, "keyid:always" },
};

static const struct certificate_extension SERVERS[] = {
    { NID_basic_constraints, "critical,CA:TRUE,pathlen:0" },
    { NID_key_usage, "critical,keyCertSign,cRLSign" },
    { NID_ext_key_usage, "serverAuth" },
    { NID_subject_key_identifier, "hash" },
    { NID_authority_key_identifier, "keyid:always" },
};

/// Makes the certificate of a part under the key that the pair holds.
static enum status certify_part(struct authority *authority, enum authority_part part,
                                char reason[AUTHORITY_REASON_SIZE])
{
    struct authority_pair *pair = &authority->part[part];
    struct authority_pair *root = &authority->part[AUTHORITY_PART_ROOT];
    const bool is_root = part == AUTHORITY_PART_ROOT;
    const bool devices = part == AUTHORITY_PART_DEVICES;
    char name[CERTIFICATE_NAME_SIZE];
    const int days = is_root ? AUTHORITY_ROOT_DAYS : AUTHORITY_INTERMEDIATE_DAYS;
    int64_t end_s = authority->options.now_s + (int64_t)days * DAY_S;

    if (!is_root && end_s > certificate_end(root->certificate)) {
        end_s = certificate_end(root->certificate);
    }
    (void)snprintf(name, sizeof name, "%.40s %s", authority->organisation, FILES[part].common_name);
    struct certificate_recipe recipe = {
        .organisation = authority->organisation,
        .common_name = name,
        .key = pair->key,
        .issuer = is_root ? NULL : root->certificate,
        .issuer_key = root->key,
        .not_before_s = authority->options.now_s - CERTIFICATE_EARLY_S,
        .not_after_s = end_s,
        .extensions = ROOT,
        .extension_count = sizeof ROOT / sizeof ROOT[0],
    };
    if (!is_root) {
        recipe.names_no_host = devices;
        recipe.extensions = devices ? DEVICES : SERVERS;
        recipe.extension_count =
            devices ? sizeof DEVICES / sizeof DEVICES[0] : sizeof SERVERS / sizeof SERVERS[0];
    }
    return authority_certify(authority, FILES[part].certificate, &recipe, NULL, pair, reason);
}

static enum status need_root(struct authority *authority, char reason[AUTHORITY_REASON_SIZE])
{
    struct authority_pair *root = &authority->part[AUTHORITY_PART_ROOT];
    if (root->certificate == NULL &&
        (authority->part[AUTHORITY_PART_DEVICES].certificate != NULL ||
         authority->part[AUTHORITY_PART_SERVERS].certificate != NULL)) {
        return authority_refuse(reason, STATUS_INVALID,
                                "%s/root.pem is gone, and devices trust it: restore it from a "
                                "backup",
                                authority->folder);
    }
    if (root->certificate == NULL) {
        const enum status status =
            authority_need_key(authority, FILES[AUTHORITY_PART_ROOT].key, root, reason);
        return status == STATUS_OK ? certify_part(authority, AUTHORITY_PART_ROOT, reason) : status;
    }
    if (X509_verify(root->certificate, X509_get0_pubkey(root->certificate)) != 1 ||
        certificate_end(root->certificate) <= authority->options.now_s) {
        return authority_refuse(reason, STATUS_INVALID,
                                "%s/root.pem is damaged or over: every device would need a new one",
                                authority->folder);
    }
    return STATUS_OK;
}

static bool in_last_third(const struct authority *authority, const X509 *certificate)
{
    const int64_t begin = certificate_begin(certificate);
    const int64_t end = certificate_end(certificate);
    return authority->options.now_s >= end - (end - begin) / 3;
}

static enum status renew_intermediate(struct authority *authority, enum authority_part part,
                                      char reason[AUTHORITY_REASON_SIZE])
{
    struct authority_pair *pair = &authority->part[part];
    if (authority->part[AUTHORITY_PART_ROOT].key != NULL && !authority->options.read_only) {
        return certify_part(authority, part, reason);
    }
    if (authority->options.renew) {
        return authority_refuse(reason, STATUS_INVALID,
                                "%s/%s cannot be signed anew: bring root_key.pem back into the "
                                "folder first",
                                authority->folder, FILES[part].certificate);
    }
    if (certificate_end(pair->certificate) <= authority->options.now_s) {
        return authority_refuse(reason, STATUS_INVALID,
                                "%s/%s is over: put root_key.pem back for one start, to renew it",
                                authority->folder, FILES[part].certificate);
    }
    (void)snprintf(
        authority->warning, sizeof authority->warning,
        "%s ends in %lld days: put root_key.pem back for one start, to renew it",
        FILES[part].certificate,
        (long long)((certificate_end(pair->certificate) - authority->options.now_s) / DAY_S));
    return STATUS_OK;
}

static enum status need_intermediate(struct authority *authority, enum authority_part part,
                                     char reason[AUTHORITY_REASON_SIZE])
{
    struct authority_pair *pair = &authority->part[part];
    const struct authority_pair *root = &authority->part[AUTHORITY_PART_ROOT];
    const char *key_file = FILES[part].key;

    if (pair->certificate == NULL) {
        if (root->key == NULL) {
            return authority_refuse(reason, STATUS_INVALID,
                                    "%s/%s is missing, and root_key.pem is not here to make it",
                                    authority->folder, FILES[part].certificate);
        }
        const enum status status = authority_need_key(authority, key_file, pair, reason);
        return status == STATUS_OK ? certify_part(authority, part, reason) : status;
    }
    if (pair->key == NULL) {
        return authority_refuse(reason, STATUS_INVALID, "%s/%s is gone: restore it from a backup",
                                authority->folder, key_file);
    }
    if (X509_verify(pair->certificate, X509_get0_pubkey(root->certificate)) != 1) {
        return authority_refuse(reason, STATUS_INVALID,
                                "%s/%s is not signed by root.pem: restore both from one backup",
                                authority->folder, FILES[part].certificate);
    }
    return authority->options.renew || in_last_third(authority, pair->certificate)
               ? renew_intermediate(authority, part, reason)
               : STATUS_OK;
}

/// Keeps trust.pem the same as the three certificates.
static enum status need_trust(struct authority *authority, char reason[AUTHORITY_REASON_SIZE])
{
    char path[SECRET_FILE_PATH_SIZE];
    char wanted[AUTHORITY_PART_COUNT * CERTIFICATE_PEM_LIMIT];
    char there[sizeof wanted + 1];
    size_t size = 0;

    (void)snprintf(path, sizeof path, "%s/trust.pem", authority->folder);
    (void)snprintf(wanted, sizeof wanted, "%s%s%s", authority->pem[AUTHORITY_PART_ROOT],
                   authority->pem[AUTHORITY_PART_DEVICES], authority->pem[AUTHORITY_PART_SERVERS]);
    if (secret_file_read(path, there, sizeof there, &size) == STATUS_OK &&
        strcmp(there, wanted) == 0) {
        return STATUS_OK;
    }
    if (!authority->options.read_only && secret_file_write(path, wanted, strlen(wanted), 0644,
                                                           authority->options.probe) == STATUS_OK) {
        return STATUS_OK;
    }
    return authority_refuse(reason, STATUS_IO, "%s is not as it should be, or cannot be written",
                            path);
}

static enum status trust_clients(struct authority *authority, char reason[AUTHORITY_REASON_SIZE])
{
    authority->clients = X509_STORE_new();
    if (authority->clients != NULL &&
        X509_STORE_add_cert(authority->clients,
                            authority->part[AUTHORITY_PART_DEVICES].certificate) == 1 &&
        X509_STORE_set_flags(authority->clients,
                             X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME) == 1 &&
        X509_STORE_set_purpose(authority->clients, X509_PURPOSE_SSL_CLIENT) == 1) {
        return STATUS_OK;
    }
    return authority_refuse(reason, STATUS_IO, "there is no memory");
}

static enum status fill_folder(struct authority *authority, char reason[AUTHORITY_REASON_SIZE])
{
    enum status status = STATUS_OK;
    for (unsigned i = 0; status == STATUS_OK && i < AUTHORITY_PART_COUNT; i++) {
        status = authority_load(authority, FILES[i].name, FILES[i].certificate, FILES[i].key,
                                &authority->part[i], reason);
    }
    if (status == STATUS_OK) {
        status = need_root(authority, reason);
    }
    for (unsigned i = 0; status == STATUS_OK && i < AUTHORITY_PART_ROOT; i++) {
        status = need_intermediate(authority, (enum authority_part)i, reason);
    }
    for (unsigned i = 0; status == STATUS_OK && i < AUTHORITY_PART_COUNT; i++) {
        status = authority_write_pem(authority->part[i].certificate, authority->pem[i],
                                     sizeof authority->pem[i]);
    }
    if (status == STATUS_OK) {
        status = need_trust(authority, reason);
    }
    if (status == STATUS_OK) {
        status = trust_clients(authority, reason);
    }
    return status == STATUS_OK ? authority_need_servers(authority, reason) : status;
}

/// Keeps the address of the list. OpenSSL's configuration gives commas and semicolons a meaning.
static bool keep_url(struct authority *authority, const char *url)
{
    static const char signs[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                "-._~:/?[]@!$&'()*+=%";
    if (url == NULL || url[0] == '\0') {
        return true;
    }
    const int size = snprintf(authority->crl_url, sizeof authority->crl_url, "%s", url);
    return size < (int)sizeof authority->crl_url && strspn(url, signs) == strlen(url) &&
           (strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0);
}

enum status authority_open(const struct authority_options *options, struct authority **out,
                           char reason[AUTHORITY_REASON_SIZE])
{
    struct authority *authority = calloc(1, sizeof *authority);
    (void)snprintf(reason, AUTHORITY_REASON_SIZE, "there is no memory");
    if (authority == NULL) {
        return STATUS_IO;
    }
    authority->options = *options;
    (void)snprintf(authority->organisation, sizeof authority->organisation, "%s",
                   options->organisation != NULL ? options->organisation : "Ohmstead");
    if (!keep_url(authority, options->crl_url)) {
        free(authority);
        return authority_refuse(reason, STATUS_INVALID,
                                "the address of the revocation list must be http:// or https://, "
                                "shorter than %d bytes, without commas or spaces",
                                AUTHORITY_URL_SIZE);
    }
    // Room for the longest name of a file behind it.
    if (snprintf(authority->folder, sizeof authority->folder, "%s", options->folder) >=
        (int)sizeof authority->folder - 64) {
        free(authority);
        return authority_refuse(reason, STATUS_INVALID, "the folder's name is too long");
    }
    if (!options->read_only && mkdir(options->folder, 0700) != 0 && errno != EEXIST) {
        free(authority);
        return authority_refuse(reason, STATUS_IO, "%s: %s", options->folder, strerror(errno));
    }
    const enum status status = fill_folder(authority, reason);
    if (status != STATUS_OK) {
        authority_close(authority);
        return status;
    }
    authority_fill(authority);
    authority->options.probe = options->probe;
    *out = authority;
    reason[0] = '\0';
    return STATUS_OK;
}

void authority_close(struct authority *authority)
{
    if (authority == NULL) {
        return;
    }
    for (unsigned i = 0; i < AUTHORITY_PART_COUNT; i++) {
        authority_clear(&authority->part[i]);
    }
    X509_STORE_free(authority->clients);
    OPENSSL_cleanse(authority, sizeof *authority);
    free(authority);
}

const struct certificate_authority *authority_table(const struct authority *authority)
{
    return &authority->table;
}

const char *authority_warning(const struct authority *authority)
{
    return authority->warning[0] != '\0' ? authority->warning : NULL;
}

bool authority_has_root_key(const struct authority *authority)
{
    return authority->part[AUTHORITY_PART_ROOT].key != NULL;
}

static void tell(const struct authority_pair *pair, const char *name,
                 void (*visit)(void *ctx, const struct authority_line *line), void *ctx)
{
    char subject[256] = "";
    if (pair->certificate == NULL) {
        return;
    }
    (void)X509_NAME_oneline(X509_get_subject_name(pair->certificate), subject, sizeof subject);
    const struct authority_line line = { .name = name,
                                         .subject = subject,
                                         .not_after_s = certificate_end(pair->certificate),
                                         .has_key = pair->key != NULL };
    visit(ctx, &line);
}

void authority_list(const struct authority *authority,
                    void (*visit)(void *ctx, const struct authority_line *line), void *ctx)
{
    for (unsigned i = AUTHORITY_PART_COUNT; i > 0; i--) {
        tell(&authority->part[i - 1], FILES[i - 1].name, visit, ctx);
    }
    for (size_t i = 0; authority_server_folders[i] != NULL; i++) {
        char certificate_file[64];
        char key_file[64];
        char reason[AUTHORITY_REASON_SIZE];
        struct authority_pair pair = { NULL, NULL };
        const char *folder = authority_server_folders[i];
        (void)snprintf(certificate_file, sizeof certificate_file, "%s/cert.pem", folder);
        (void)snprintf(key_file, sizeof key_file, "%s/key.pem", folder);
        if (authority_load(authority, folder, certificate_file, key_file, &pair, reason) ==
            STATUS_OK) {
            tell(&pair, folder, visit, ctx);
        }
        authority_clear(&pair);
    }
}

/// Whether the file holds just these bytes; else what stands in the way.
static enum status compare_file(const char *path, const char *wanted)
{
    char there[AUTHORITY_PEM_SIZE] = "";
    size_t size = 0;
    const enum status status = secret_file_read(path, there, sizeof there, &size);
    const bool same = status == STATUS_OK && strcmp(there, wanted) == 0;
    OPENSSL_cleanse(there, sizeof there);
    return same ? STATUS_OK : STATUS_BUSY;
}

enum status authority_export_root(struct authority *authority, const char *to)
{
    char path[SECRET_FILE_PATH_SIZE];
    char pem[AUTHORITY_PEM_SIZE];
    size_t size = 0;

    (void)snprintf(path, sizeof path, "%s/%s", authority->folder, FILES[AUTHORITY_PART_ROOT].key);
    enum status status = secret_file_read(path, pem, sizeof pem, &size);
    if (status == STATUS_OK && access(to, F_OK) == 0) {
        struct stat here;
        struct stat there;
        // Another name of the key itself would not be away.
        status = stat(path, &here) == 0 && stat(to, &there) == 0 &&
                         (here.st_dev != there.st_dev || here.st_ino != there.st_ino)
                     ? compare_file(to, pem)
                     : STATUS_BUSY;
    } else if (status == STATUS_OK) {
        status = secret_file_write(to, pem, size, 0600, authority->options.probe);
    }
    OPENSSL_cleanse(pem, sizeof pem);
    if (status == STATUS_OK && unlink(path) != 0) {
        status = STATUS_IO;
    }
    if (status == STATUS_OK) {
        EVP_PKEY_free(authority->part[AUTHORITY_PART_ROOT].key);
        authority->part[AUTHORITY_PART_ROOT].key = NULL;
    }
    return status;
}
