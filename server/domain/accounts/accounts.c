// SPDX-License-Identifier: MIT
#include "accounts.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "sign_in_guard.h"

enum {
    TOKEN_BYTES = 32,
    WRITE_EVERY_MS = 60000, ///< A use is written at most this often; a crash forgets no more.
};

struct live_session {
    struct session_record record;
    enum account_role role;
    int64_t written_ms;
    bool open;
};

struct accounts {
    const struct account_store *store;
    const struct account_crypto *crypto;
    pthread_mutex_t writing; ///< Held while the store is written; taken before `lock`.
    pthread_mutex_t lock;    ///< Guards everything below; held for moments only.
    struct sign_in_guard guard;
    struct live_session sessions[ACCOUNTS_SESSION_LIMIT];
    char stand_in_hash[PASSWORD_HASH_SIZE]; ///< What unknown names are checked against.
};

static void write_hex(const uint8_t *bytes, size_t size, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15u];
    }
    out[2 * size] = '\0';
}

static bool is_token(const char *text, size_t size)
{
    if (size != ACCOUNTS_TOKEN_SIZE - 1) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        if (!((text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f'))) {
            return false;
        }
    }
    return true;
}

static bool is_name(const char *name)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@-";
    const size_t size = strspn(name, allowed);
    return size > 0 && size < ACCOUNT_NAME_SIZE && name[size] == '\0';
}

static bool is_live(const struct live_session *session, int64_t now_ms)
{
    return session->open && now_ms - session->record.created_ms < ACCOUNTS_ABSOLUTE_MS &&
           now_ms - session->record.used_ms < ACCOUNTS_IDLE_MS;
}

/// The digest of "label" and id: with label "session" the key of the store, with "csrf" the token.
static enum status derive(const struct accounts *accounts, const char *label, const char *id,
                          uint8_t out[ACCOUNT_DIGEST_SIZE])
{
    char text[16 + ACCOUNTS_TOKEN_SIZE];
    const size_t label_size = strlen(label);
    memcpy(text, label, label_size);
    text[label_size] = ':';
    memcpy(text + label_size + 1, id, ACCOUNTS_TOKEN_SIZE - 1);
    return accounts->crypto->digest(accounts->crypto->ctx, text, label_size + ACCOUNTS_TOKEN_SIZE,
                                    out);
}

static enum status fill_session(const struct accounts *accounts, const struct live_session *live,
                                const char *id, struct session *out)
{
    uint8_t csrf[ACCOUNT_DIGEST_SIZE];
    const enum status status = derive(accounts, "csrf", id, csrf);
    if (status != STATUS_OK) {
        return status;
    }
    *out = (struct session){ .identity.role = live->role };
    memcpy(out->identity.username, live->record.username, ACCOUNT_NAME_SIZE);
    memcpy(out->id, id, ACCOUNTS_TOKEN_SIZE - 1);
    write_hex(csrf, sizeof csrf, out->csrf_token);
    return STATUS_OK;
}

static void load_sessions(struct accounts *accounts, const struct session_record *records,
                          size_t count, int64_t now_ms)
{
    for (size_t i = 0; i < count; i++) {
        struct live_session *live = &accounts->sessions[i];
        struct account account;
        const enum status found =
            accounts->store->find_account(accounts->store->ctx, records[i].username, &account);
        live->record = records[i];
        live->written_ms = records[i].used_ms;
        live->open = true;
        live->role = found == STATUS_OK ? account.role : ACCOUNT_ROLE_ADMIN;
        if (found != STATUS_OK) {
            live->record.created_ms = now_ms - ACCOUNTS_ABSOLUTE_MS; // Ended; the tick removes it.
        }
    }
}

enum status accounts_open(struct accounts **out, const struct account_store *store,
                          const struct account_crypto *crypto, int64_t now_ms)
{
    struct accounts *accounts = calloc(1, sizeof *accounts);
    struct session_record *records = calloc(ACCOUNTS_SESSION_LIMIT, sizeof *records);
    enum status status = accounts != NULL && records != NULL ? STATUS_OK : STATUS_IO;
    uint64_t secret = 0;
    size_t count = 0;

    if (status == STATUS_OK) {
        accounts->store = store;
        accounts->crypto = crypto;
        status = crypto->random(crypto->ctx, (uint8_t *)&secret, sizeof secret);
    }
    if (status == STATUS_OK) {
        status = store->list_sessions(store->ctx, records, ACCOUNTS_SESSION_LIMIT, &count);
    }
    if (status == STATUS_OK) {
        sign_in_guard_init(&accounts->guard, secret);
        load_sessions(accounts, records, count, now_ms);
        (void)pthread_mutex_init(&accounts->writing, NULL);
        (void)pthread_mutex_init(&accounts->lock, NULL);
        *out = accounts;
        accounts = NULL;
    }
    free(records);
    free(accounts);
    return status;
}

void accounts_close(struct accounts *accounts)
{
    if (accounts == NULL) {
        return;
    }
    for (size_t i = 0; i < ACCOUNTS_SESSION_LIMIT; i++) {
        struct live_session *live = &accounts->sessions[i];
        if (live->open && live->written_ms != live->record.used_ms) {
            const enum status lost =
                accounts->store->put_session(accounts->store->ctx, &live->record);
            (void)lost; // The session then counts as used a little earlier.
        }
    }
    (void)pthread_mutex_destroy(&accounts->lock);
    (void)pthread_mutex_destroy(&accounts->writing);
    free(accounts);
}

/// Four groups of five out of 32 signs that are hard to misread: 100 bits.
static enum status make_password(const struct accounts *accounts,
                                 char password[ACCOUNTS_PASSWORD_SIZE])
{
    static const char signs[] = "abcdefghjkmnpqrstuvwxyz023456789";
    uint8_t bytes[20];
    const enum status status = accounts->crypto->random(accounts->crypto->ctx, bytes, sizeof bytes);
    if (status != STATUS_OK) {
        return status;
    }
    size_t at = 0;
    for (size_t i = 0; i < sizeof bytes; i++) {
        if (i > 0 && i % 5 == 0) {
            password[at++] = '-';
        }
        password[at++] = signs[bytes[i] % 32u];
    }
    password[at] = '\0';
    return STATUS_OK;
}

static enum status set_generated_password(struct accounts *accounts, int64_t now_ms,
                                          char password[ACCOUNTS_PASSWORD_SIZE])
{
    struct account account = { .username = ACCOUNTS_ADMINISTRATOR,
                               .role = ACCOUNT_ROLE_ADMIN,
                               .created_ms = now_ms };
    enum status status = make_password(accounts, password);
    if (status == STATUS_OK) {
        status =
            accounts->crypto->hash_password(accounts->crypto->ctx, password, account.password_hash);
    }
    if (status == STATUS_OK) {
        status = accounts->store->put_account(accounts->store->ctx, &account);
    }
    if (status != STATUS_OK) {
        password[0] = '\0';
    }
    return status;
}

enum status accounts_create_administrator(struct accounts *accounts, int64_t now_ms,
                                          char password[ACCOUNTS_PASSWORD_SIZE])
{
    struct account account;
    password[0] = '\0';
    const enum status found =
        accounts->store->find_account(accounts->store->ctx, ACCOUNTS_ADMINISTRATOR, &account);
    if (found == STATUS_MISSING) {
        return set_generated_password(accounts, now_ms, password);
    }
    return found == STATUS_OK ? STATUS_BUSY : found;
}

enum status accounts_reset_administrator(struct accounts *accounts, int64_t now_ms,
                                         char password[ACCOUNTS_PASSWORD_SIZE])
{
    // Sessions end first: a failure in between leaves nobody signed in, rather than an intruder.
    (void)pthread_mutex_lock(&accounts->writing);
    (void)pthread_mutex_lock(&accounts->lock);
    for (size_t i = 0; i < ACCOUNTS_SESSION_LIMIT; i++) {
        struct live_session *live = &accounts->sessions[i];
        live->open = live->open && strcmp(live->record.username, ACCOUNTS_ADMINISTRATOR) != 0;
    }
    (void)pthread_mutex_unlock(&accounts->lock);
    enum status status =
        accounts->store->delete_sessions_of(accounts->store->ctx, ACCOUNTS_ADMINISTRATOR);
    (void)pthread_mutex_unlock(&accounts->writing);
    password[0] = '\0';
    if (status == STATUS_OK) {
        status = set_generated_password(accounts, now_ms, password);
    }
    return status;
}

/// Makes the hash that unknown names are checked against: that of a password nobody has.
static enum status make_stand_in(struct accounts *accounts)
{
    char password[ACCOUNTS_PASSWORD_SIZE];
    char hash[PASSWORD_HASH_SIZE];

    (void)pthread_mutex_lock(&accounts->lock);
    const bool there = accounts->stand_in_hash[0] != '\0';
    (void)pthread_mutex_unlock(&accounts->lock);
    enum status status = there ? STATUS_OK : make_password(accounts, password);
    if (status == STATUS_OK && !there) {
        status = accounts->crypto->hash_password(accounts->crypto->ctx, password, hash);
        (void)pthread_mutex_lock(&accounts->lock);
        if (status == STATUS_OK) {
            memcpy(accounts->stand_in_hash, hash, sizeof hash);
        }
        (void)pthread_mutex_unlock(&accounts->lock);
    }
    return status;
}

static enum status check_password(struct accounts *accounts, const char *username,
                                  const char *password, struct account *account)
{
    const struct account_crypto *crypto = accounts->crypto;
    char stand_in[PASSWORD_HASH_SIZE];

    // Made before it is known whether the name exists, so that it costs both cases the same.
    enum status status = make_stand_in(accounts);
    if (status != STATUS_OK) {
        return status;
    }
    (void)pthread_mutex_lock(&accounts->lock);
    memcpy(stand_in, accounts->stand_in_hash, sizeof stand_in);
    (void)pthread_mutex_unlock(&accounts->lock);

    const enum status found =
        is_name(username) ? accounts->store->find_account(accounts->store->ctx, username, account)
                          : STATUS_MISSING;
    if (found != STATUS_OK && found != STATUS_MISSING) {
        return found;
    }
    status = crypto->verify_password(crypto->ctx, password,
                                     found == STATUS_OK ? account->password_hash : stand_in);
    if (status == STATUS_OK && found == STATUS_MISSING) {
        return STATUS_INVALID;
    }
    if (status == STATUS_OK && crypto->is_outdated(crypto->ctx, account->password_hash) &&
        crypto->hash_password(crypto->ctx, password, account->password_hash) == STATUS_OK) {
        status = accounts->store->put_account(accounts->store->ctx, account);
    }
    return status;
}

/// A place for a new session: a closed one, or that which was used longest ago.
static struct live_session *find_place(struct accounts *accounts, int64_t now_ms)
{
    struct live_session *place = &accounts->sessions[0];
    for (size_t i = 0; i < ACCOUNTS_SESSION_LIMIT; i++) {
        struct live_session *live = &accounts->sessions[i];
        if (!is_live(live, now_ms)) {
            return live;
        }
        if (live->record.used_ms < place->record.used_ms) {
            place = live;
        }
    }
    return place;
}

static enum status open_session(struct accounts *accounts, const struct account *account,
                                int64_t now_ms, struct session *out)
{
    struct live_session fresh = { .role = account->role, .written_ms = now_ms, .open = true };
    uint8_t bytes[TOKEN_BYTES];
    char id[ACCOUNTS_TOKEN_SIZE];

    enum status status = accounts->crypto->random(accounts->crypto->ctx, bytes, sizeof bytes);
    if (status != STATUS_OK) {
        return status;
    }
    write_hex(bytes, sizeof bytes, id);
    fresh.record.created_ms = now_ms;
    fresh.record.used_ms = now_ms;
    memcpy(fresh.record.username, account->username, ACCOUNT_NAME_SIZE);
    status = derive(accounts, "session", id, fresh.record.digest);
    if (status == STATUS_OK) {
        status = fill_session(accounts, &fresh, id, out);
    }
    if (status != STATUS_OK) {
        return status;
    }
    (void)pthread_mutex_lock(&accounts->writing);
    status = accounts->store->put_session(accounts->store->ctx, &fresh.record);
    if (status == STATUS_OK) {
        (void)pthread_mutex_lock(&accounts->lock);
        struct live_session *place = find_place(accounts, now_ms);
        const struct live_session evicted = *place;
        *place = fresh;
        (void)pthread_mutex_unlock(&accounts->lock);
        if (evicted.open) {
            status = accounts->store->delete_session(accounts->store->ctx, evicted.record.digest);
        }
    }
    (void)pthread_mutex_unlock(&accounts->writing);
    return status;
}

enum status accounts_sign_in(struct accounts *accounts, const char *address, const char *username,
                             const char *password, int64_t now_ms, struct session *out,
                             int64_t *retry_after_ms)
{
    struct account account = { 0 };

    (void)pthread_mutex_lock(&accounts->lock);
    enum status status =
        sign_in_guard_ask(&accounts->guard, address, username, now_ms, retry_after_ms);
    (void)pthread_mutex_unlock(&accounts->lock);
    if (status != STATUS_OK) {
        return status;
    }
    status = strlen(password) <= ACCOUNTS_PASSWORD_LIMIT
                 ? check_password(accounts, username, password, &account)
                 : STATUS_INVALID;
    if (status == STATUS_BUSY) {
        *retry_after_ms = 1000;
        return STATUS_BUSY;
    }
    if (status == STATUS_CORRUPT) {
        return STATUS_IO;
    }
    (void)pthread_mutex_lock(&accounts->lock);
    if (status == STATUS_OK) {
        sign_in_guard_succeeded(&accounts->guard, address, username);
    } else if (status == STATUS_INVALID) {
        sign_in_guard_failed(&accounts->guard, address, username, now_ms);
    }
    (void)pthread_mutex_unlock(&accounts->lock);
    return status == STATUS_OK ? open_session(accounts, &account, now_ms, out) : status;
}

static struct live_session *find_live(struct accounts *accounts,
                                      const uint8_t digest[ACCOUNT_DIGEST_SIZE])
{
    for (size_t i = 0; i < ACCOUNTS_SESSION_LIMIT; i++) {
        struct live_session *live = &accounts->sessions[i];
        if (live->open && memcmp(live->record.digest, digest, ACCOUNT_DIGEST_SIZE) == 0) {
            return live;
        }
    }
    return NULL;
}

enum status accounts_find_session(struct accounts *accounts, const char *id, size_t size,
                                  int64_t now_ms, struct session *out)
{
    uint8_t digest[ACCOUNT_DIGEST_SIZE];
    struct live_session found = { 0 };

    if (!is_token(id, size)) {
        return STATUS_MISSING;
    }
    const enum status status = derive(accounts, "session", id, digest);
    if (status != STATUS_OK) {
        return status;
    }
    (void)pthread_mutex_lock(&accounts->lock);
    struct live_session *live = find_live(accounts, digest);
    if (live != NULL && is_live(live, now_ms)) {
        if (live->record.used_ms < now_ms) {
            live->record.used_ms = now_ms;
        }
        found = *live;
    }
    (void)pthread_mutex_unlock(&accounts->lock);
    return found.open ? fill_session(accounts, &found, id, out) : STATUS_MISSING;
}

bool accounts_csrf_matches(const struct session *session, const char *token, size_t size)
{
    unsigned difference = size == ACCOUNTS_TOKEN_SIZE - 1 ? 0u : 1u;
    for (size_t i = 0; i < ACCOUNTS_TOKEN_SIZE - 1; i++) {
        const unsigned given = i < size ? (unsigned char)token[i] : 0u;
        difference |= given ^ (unsigned char)session->csrf_token[i];
    }
    return difference == 0;
}

enum status accounts_sign_out(struct accounts *accounts, const char *id, size_t size)
{
    uint8_t digest[ACCOUNT_DIGEST_SIZE];
    if (!is_token(id, size)) {
        return STATUS_OK;
    }
    const enum status status = derive(accounts, "session", id, digest);
    if (status != STATUS_OK) {
        return status;
    }
    (void)pthread_mutex_lock(&accounts->writing);
    (void)pthread_mutex_lock(&accounts->lock);
    struct live_session *live = find_live(accounts, digest);
    if (live != NULL) {
        live->open = false;
    }
    (void)pthread_mutex_unlock(&accounts->lock);
    const enum status deleted = accounts->store->delete_session(accounts->store->ctx, digest);
    (void)pthread_mutex_unlock(&accounts->writing);
    return deleted;
}

enum status accounts_tick(struct accounts *accounts, int64_t now_ms)
{
    enum status result = STATUS_OK;

    for (size_t i = 0; i < ACCOUNTS_SESSION_LIMIT; i++) {
        // Looking and writing are one step, or a session that is ended in between would return.
        (void)pthread_mutex_lock(&accounts->writing);
        (void)pthread_mutex_lock(&accounts->lock);
        struct live_session *live = &accounts->sessions[i];
        const struct session_record record = live->record;
        const bool ended = live->open && !is_live(live, now_ms);
        const bool stale = live->open && record.used_ms - live->written_ms >= WRITE_EVERY_MS;
        live->open = live->open && !ended;
        live->written_ms = stale ? record.used_ms : live->written_ms;
        (void)pthread_mutex_unlock(&accounts->lock);

        enum status status = STATUS_OK;
        if (ended) {
            status = accounts->store->delete_session(accounts->store->ctx, record.digest);
        } else if (stale) {
            status = accounts->store->put_session(accounts->store->ctx, &record);
        }
        (void)pthread_mutex_unlock(&accounts->writing);
        result = status != STATUS_OK ? status : result;
    }
    return result;
}

bool account_may(const struct identity *identity, enum permission permission)
{
    if (permission == PERMISSION_PUBLIC || permission == PERMISSION_ENROLMENT) {
        return true;
    }
    // The administrator may do everything. Further roles get their rows here.
    return identity != NULL && identity->role == ACCOUNT_ROLE_ADMIN;
}
