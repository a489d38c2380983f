// SPDX-License-Identifier: MIT
#include "fleet_statements.h"

// A device has journals; a journal has batches, which are only ever appended, in the order of their
// arrival over the whole fleet, so that a commit touches few pages. A run lists the batches of one
// journal and boot that belong together (about a minute) and is what a search in time finds. The
// batches of a journal that are in no run yet are its tail; batch numbers below tail.low are in
// none.
static const char version_1[] =
    "CREATE TABLE device("
    " device_no INTEGER PRIMARY KEY, device_id TEXT NOT NULL UNIQUE, name TEXT NOT NULL DEFAULT '',"
    " first_seen_ms INTEGER NOT NULL, unacknowledged_data INTEGER NOT NULL,"
    " newest_journal_no INTEGER, has_last INTEGER NOT NULL DEFAULT 0,"
    " boot_id INTEGER NOT NULL DEFAULT 0, uptime_ms INTEGER NOT NULL DEFAULT 0,"
    " time_ms INTEGER NOT NULL DEFAULT 0);"
    "CREATE TABLE register("
    " device_no INTEGER NOT NULL, channel INTEGER NOT NULL, direction INTEGER NOT NULL,"
    " reset_expected INTEGER NOT NULL, number INTEGER NOT NULL, lifetime_mj INTEGER NOT NULL,"
    " register_mj INTEGER NOT NULL, held_count INTEGER NOT NULL, held_first_mj INTEGER NOT NULL,"
    " held_last_mj INTEGER NOT NULL, held_allowed_mj INTEGER NOT NULL,"
    " PRIMARY KEY(device_no, channel, direction)) WITHOUT ROWID;"
    "CREATE TABLE meter_notice("
    " notice_no INTEGER PRIMARY KEY, device_no INTEGER NOT NULL, seq INTEGER NOT NULL,"
    " channel INTEGER NOT NULL, direction INTEGER NOT NULL, event INTEGER NOT NULL,"
    " time_ms INTEGER NOT NULL, number INTEGER NOT NULL, lifetime_mj INTEGER NOT NULL,"
    " register_mj INTEGER NOT NULL);"
    "CREATE TABLE journal("
    " journal_no INTEGER PRIMARY KEY, device_no INTEGER NOT NULL, journal_id BLOB NOT NULL,"
    " first_seen_ms INTEGER NOT NULL, watermark INTEGER NOT NULL DEFAULT 0,"
    " rolled_seq INTEGER NOT NULL DEFAULT 0, run_seq INTEGER NOT NULL DEFAULT 0,"
    " boot_id INTEGER NOT NULL DEFAULT 0, UNIQUE(device_no, journal_id));"
    "CREATE TABLE batch("
    " batch_no INTEGER PRIMARY KEY, journal_no INTEGER NOT NULL, boot_id INTEGER NOT NULL,"
    " first_seq INTEGER NOT NULL, skip INTEGER NOT NULL, count INTEGER NOT NULL,"
    " first_uptime_ms INTEGER NOT NULL, last_uptime_ms INTEGER NOT NULL,"
    " received_ms INTEGER NOT NULL, payload BLOB NOT NULL);"
    "CREATE TABLE run("
    " journal_no INTEGER NOT NULL, first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL,"
    " boot_id INTEGER NOT NULL, first_uptime_ms INTEGER NOT NULL, last_uptime_ms INTEGER NOT NULL,"
    " start_ms INTEGER, end_ms INTEGER, batches BLOB NOT NULL,"
    " PRIMARY KEY(journal_no, first_seq)) WITHOUT ROWID;"
    "CREATE INDEX run_time ON run(journal_no, end_ms);"
    "CREATE TABLE tail(only INTEGER PRIMARY KEY CHECK(only = 1), low INTEGER NOT NULL);"
    "INSERT INTO tail VALUES(1, 0);"
    "CREATE TABLE anchor("
    " journal_no INTEGER NOT NULL, boot_id INTEGER NOT NULL, seq INTEGER NOT NULL,"
    " uptime_ms INTEGER NOT NULL, utc_ms INTEGER NOT NULL, uncertainty_ms INTEGER NOT NULL,"
    " source INTEGER NOT NULL, PRIMARY KEY(journal_no, boot_id, seq)) WITHOUT ROWID;"
    "CREATE TABLE gap("
    " journal_no INTEGER NOT NULL, first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL,"
    " noted_ms INTEGER NOT NULL, PRIMARY KEY(journal_no, first_seq)) WITHOUT ROWID;"
    "CREATE TABLE rollup("
    " device_no INTEGER NOT NULL, width_ms INTEGER NOT NULL, start_ms INTEGER NOT NULL,"
    " channel INTEGER NOT NULL, measured_us INTEGER NOT NULL, voltage_square_us REAL NOT NULL,"
    " current_square_us REAL NOT NULL, active_power_us REAL NOT NULL,"
    " reactive_power_us REAL NOT NULL, apparent_power_us REAL NOT NULL,"
    " active_power_min REAL NOT NULL, active_power_max REAL NOT NULL, frequency_us REAL NOT NULL,"
    " frequency_measured_us INTEGER NOT NULL, import_mj INTEGER NOT NULL,"
    " export_mj INTEGER NOT NULL, quality INTEGER NOT NULL,"
    " PRIMARY KEY(device_no, width_ms, start_ms, channel)) WITHOUT ROWID;";

/// What a trial of the disk writes: as much as a group of some messages from several devices.
#define DISK_TRIAL_SIZE "65536"

static const char version_2[] =
    "CREATE TABLE disk_trial(only INTEGER PRIMARY KEY CHECK(only = 1), content BLOB NOT NULL);"
    "INSERT INTO disk_trial VALUES(1, zeroblob(" DISK_TRIAL_SIZE "));";

// A finding is a record that is no reading and no anchor, taken out of its batch so that it can be
// found by kind and time; its payload is a batch of this one record. Its time is a guess until it
// is placed.
static const char version_3[] =
    "CREATE TABLE finding("
    " journal_no INTEGER NOT NULL, seq INTEGER NOT NULL, device_no INTEGER NOT NULL,"
    " boot_id INTEGER NOT NULL, kind INTEGER NOT NULL, subject INTEGER NOT NULL,"
    " uptime_ms INTEGER NOT NULL, placed INTEGER NOT NULL, time_ms INTEGER NOT NULL,"
    " time_source INTEGER NOT NULL, payload BLOB NOT NULL,"
    " PRIMARY KEY(journal_no, seq)) WITHOUT ROWID;"
    "CREATE INDEX finding_time ON finding(device_no, kind, time_ms);"
    "CREATE INDEX finding_subject ON finding(device_no, kind, subject, time_ms);"
    "CREATE INDEX finding_unplaced ON finding(journal_no, boot_id) WHERE placed=0;"
    "CREATE TABLE preset("
    " preset_no INTEGER PRIMARY KEY, device_no INTEGER NOT NULL, channel INTEGER NOT NULL,"
    " is_export INTEGER NOT NULL, time_ms INTEGER NOT NULL, username TEXT NOT NULL,"
    " old_mj INTEGER NOT NULL, new_mj INTEGER NOT NULL, offset_mj INTEGER NOT NULL);"
    "CREATE INDEX preset_device ON preset(device_no);";

static const char *const schema_step[] = { version_1, version_2, version_3 };

const char *fleet_schema_step(unsigned version)
{
    return version < sizeof schema_step / sizeof schema_step[0] ? schema_step[version] : NULL;
}

#define RUN_COLUMNS "first_seq,last_seq,boot_id,first_uptime_ms,last_uptime_ms,batches"
#define JOURNAL_COLUMNS "journal_no,journal_id,watermark,rolled_seq,boot_id,run_seq"
#define ANCHOR_COLUMNS "uptime_ms,utc_ms,uncertainty_ms,source"
#define FINDING_COLUMNS                                                                            \
    "j.journal_id,f.seq,f.boot_id,f.time_ms,f.time_source,f.payload,f.kind=2 AND EXISTS("          \
    "SELECT 1 FROM finding w WHERE w.device_no=f.device_no AND w.kind=3 AND w.subject=f.subject"   \
    " AND w.journal_no=f.journal_no AND w.boot_id=f.boot_id)"
#define FINDINGS_IN_TIME                                                                           \
    "SELECT " FINDING_COLUMNS " FROM finding f JOIN journal j USING(journal_no)"                   \
    " WHERE f.device_no=?1 AND f.kind=?2 AND f.time_ms>=?3 AND f.time_ms<?4"                       \
    " AND (?5<0 OR f.subject=?5) ORDER BY "

static const char *const sql[FLEET_STATEMENT_COUNT] = {
    [FLEET_STATEMENT_BEGIN] = "BEGIN IMMEDIATE",
    [FLEET_STATEMENT_BEGIN_READ] = "BEGIN",
    [FLEET_STATEMENT_COMMIT] = "COMMIT",
    [FLEET_STATEMENT_ROLLBACK] = "ROLLBACK",
    [FLEET_STATEMENT_FIND_DEVICE] =
        "SELECT device_no,unacknowledged_data,newest_journal_no,has_last,boot_id,uptime_ms,time_ms"
        " FROM device WHERE device_id=?1",
    [FLEET_STATEMENT_ADD_DEVICE] =
        "INSERT INTO device(device_id,first_seen_ms,unacknowledged_data) VALUES(?1,?2,?3)",
    [FLEET_STATEMENT_LIST_DEVICES] =
        "SELECT device_id,name,first_seen_ms,unacknowledged_data FROM device ORDER BY device_id",
    [FLEET_STATEMENT_RENAME_DEVICE] = "UPDATE device SET name=?2 WHERE device_id=?1",
    [FLEET_STATEMENT_SET_ACKNOWLEDGED] =
        "UPDATE device SET unacknowledged_data=0 WHERE device_no=?1",
    [FLEET_STATEMENT_SAVE_DEVICE_METER] =
        "UPDATE device SET has_last=?2,boot_id=?3,uptime_ms=?4,time_ms=?5 WHERE device_no=?1",
    [FLEET_STATEMENT_LOAD_REGISTERS] =
        "SELECT channel,direction,reset_expected,number,lifetime_mj,register_mj,held_count,"
        "held_first_mj,held_last_mj,held_allowed_mj FROM register WHERE device_no=?1",
    [FLEET_STATEMENT_SAVE_REGISTER] =
        "INSERT OR REPLACE INTO register(device_no,channel,direction,reset_expected,number,"
        "lifetime_mj,register_mj,held_count,held_first_mj,held_last_mj,held_allowed_mj)"
        " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)",
    [FLEET_STATEMENT_FIND_JOURNAL] =
        "SELECT " JOURNAL_COLUMNS " FROM journal WHERE device_no=?1 AND journal_id=?2",
    [FLEET_STATEMENT_GET_JOURNAL] = "SELECT " JOURNAL_COLUMNS " FROM journal WHERE journal_no=?1",
    [FLEET_STATEMENT_LIST_JOURNALS] =
        "SELECT " JOURNAL_COLUMNS " FROM journal WHERE device_no=?1 ORDER BY journal_no",
    [FLEET_STATEMENT_ADD_JOURNAL] =
        "INSERT INTO journal(device_no,journal_id,first_seen_ms) VALUES(?1,?2,?3)",
    [FLEET_STATEMENT_SET_NEWEST_JOURNAL] =
        "UPDATE device SET newest_journal_no=?2 WHERE device_no=?1",
    [FLEET_STATEMENT_SET_WATERMARK] =
        "UPDATE journal SET watermark=?2,boot_id=?3 WHERE journal_no=?1",
    [FLEET_STATEMENT_SET_ROLLED] = "UPDATE journal SET rolled_seq=?2 WHERE journal_no=?1",
    [FLEET_STATEMENT_SET_RUN_SEQ] = "UPDATE journal SET run_seq=?2 WHERE journal_no=?1",
    [FLEET_STATEMENT_ADD_BATCH] =
        "INSERT INTO batch(batch_no,journal_no,boot_id,first_seq,skip,count,first_uptime_ms,"
        "last_uptime_ms,received_ms,payload) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)",
    [FLEET_STATEMENT_GET_BATCH] =
        "SELECT boot_id,skip,count,first_seq,first_uptime_ms,last_uptime_ms,received_ms,payload"
        " FROM batch WHERE batch_no=?1",
    [FLEET_STATEMENT_SCAN_TAIL] =
        "SELECT b.batch_no,b.journal_no,b.boot_id,b.first_seq,b.count,b.first_uptime_ms,"
        "b.last_uptime_ms,j.run_seq FROM batch b LEFT JOIN journal j USING(journal_no)"
        " WHERE b.batch_no>=?1 ORDER BY b.batch_no",
    [FLEET_STATEMENT_GET_TAIL_LOW] =
        "SELECT low,(SELECT ifnull(max(batch_no),0) FROM batch) FROM tail",
    [FLEET_STATEMENT_SET_TAIL_LOW] = "UPDATE tail SET low=?1",
    // Random, because SQLite writes no page whose bytes are the same as before.
    [FLEET_STATEMENT_TRY_DISK] = "UPDATE disk_trial SET content=randomblob(" DISK_TRIAL_SIZE ")",
    [FLEET_STATEMENT_ADD_RUN] =
        "INSERT INTO run(journal_no,first_seq,last_seq,boot_id,first_uptime_ms,last_uptime_ms,"
        "start_ms,end_ms,batches) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)",
    [FLEET_STATEMENT_RUNS_AFTER_SEQ] =
        "SELECT " RUN_COLUMNS " FROM run WHERE journal_no=?1 AND first_seq>="
        "(SELECT ifnull(max(first_seq),0) FROM run WHERE journal_no=?1 AND first_seq<=?2)"
        " ORDER BY first_seq",
    [FLEET_STATEMENT_RUNS_IN_TIME] =
        "SELECT " RUN_COLUMNS " FROM run WHERE journal_no=?1 AND end_ms>=?2 AND start_ms<=?3"
        " UNION ALL SELECT " RUN_COLUMNS " FROM run WHERE journal_no=?1 AND end_ms IS NULL"
        " ORDER BY first_seq",
    [FLEET_STATEMENT_RUN_BEFORE_TIME] =
        "SELECT " RUN_COLUMNS " FROM run WHERE journal_no=?1 AND end_ms<?2"
        " ORDER BY end_ms DESC LIMIT 1",
    [FLEET_STATEMENT_LAST_RUN] =
        "SELECT " RUN_COLUMNS " FROM run WHERE journal_no=?1 ORDER BY first_seq DESC LIMIT 1",
    [FLEET_STATEMENT_UNPLACED_RUNS] =
        "SELECT " RUN_COLUMNS " FROM run WHERE journal_no=?1 AND boot_id=?2 AND end_ms IS NULL"
        " ORDER BY first_seq",
    [FLEET_STATEMENT_PLACE_RUN] =
        "UPDATE run SET start_ms=?3,end_ms=?4 WHERE journal_no=?1 AND first_seq=?2",
    [FLEET_STATEMENT_ADD_ANCHOR] =
        "INSERT OR REPLACE INTO anchor(journal_no,boot_id,seq," ANCHOR_COLUMNS
        ") VALUES(?1,?2,?3,?4,?5,?6,?7)",
    [FLEET_STATEMENT_ANCHOR_UP_TO] =
        "SELECT " ANCHOR_COLUMNS " FROM anchor WHERE journal_no=?1 AND boot_id=?2 AND seq<=?3"
        " ORDER BY seq DESC LIMIT 1",
    [FLEET_STATEMENT_ANCHOR_AFTER] =
        "SELECT " ANCHOR_COLUMNS " FROM anchor WHERE journal_no=?1 AND boot_id=?2 AND seq>?3"
        " ORDER BY seq LIMIT 1",
    [FLEET_STATEMENT_ADD_GAP] =
        "INSERT INTO gap(journal_no,first_seq,last_seq,noted_ms) VALUES(?1,?2,?3,?4)",
    [FLEET_STATEMENT_LIST_GAPS] =
        "SELECT first_seq,last_seq FROM gap WHERE journal_no=?1 ORDER BY first_seq",
    [FLEET_STATEMENT_MERGE_ROLLUP] =
        "INSERT INTO rollup VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17)"
        " ON CONFLICT DO UPDATE SET measured_us=measured_us+excluded.measured_us,"
        "voltage_square_us=voltage_square_us+excluded.voltage_square_us,"
        "current_square_us=current_square_us+excluded.current_square_us,"
        "active_power_us=active_power_us+excluded.active_power_us,"
        "reactive_power_us=reactive_power_us+excluded.reactive_power_us,"
        "apparent_power_us=apparent_power_us+excluded.apparent_power_us,"
        "active_power_min=min(active_power_min,excluded.active_power_min),"
        "active_power_max=max(active_power_max,excluded.active_power_max),"
        "frequency_us=frequency_us+excluded.frequency_us,"
        "frequency_measured_us=frequency_measured_us+excluded.frequency_measured_us,"
        "import_mj=import_mj+excluded.import_mj,export_mj=export_mj+excluded.export_mj,"
        "quality=quality|excluded.quality",
    [FLEET_STATEMENT_READ_ROLLUPS] =
        "SELECT start_ms,measured_us,voltage_square_us,current_square_us,active_power_us,"
        "reactive_power_us,apparent_power_us,active_power_min,active_power_max,frequency_us,"
        "frequency_measured_us,import_mj,export_mj,quality FROM rollup"
        " WHERE device_no=?1 AND width_ms=?2 AND start_ms>=?3 AND start_ms<?4 AND channel=?5",
    [FLEET_STATEMENT_SUM_ENERGY] =
        "SELECT channel,sum(import_mj),sum(export_mj) FROM rollup"
        " WHERE device_no=?1 AND width_ms=?2 AND start_ms>=?3 AND start_ms<?4 GROUP BY channel",
    [FLEET_STATEMENT_ADD_NOTICE] =
        "INSERT INTO meter_notice(device_no,seq,channel,direction,event,time_ms,number,lifetime_mj,"
        "register_mj) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)",
    [FLEET_STATEMENT_ADD_FINDING] =
        "INSERT OR IGNORE INTO finding(journal_no,seq,device_no,boot_id,kind,subject,uptime_ms,"
        "placed,time_ms,time_source,payload) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)",
    [FLEET_STATEMENT_UNPLACED_FINDING] =
        "SELECT seq,uptime_ms FROM finding WHERE journal_no=?1 AND boot_id=?2 AND placed=0 LIMIT 1",
    [FLEET_STATEMENT_PLACE_FINDING] =
        "UPDATE finding SET placed=1,time_ms=?3,time_source=?4 WHERE journal_no=?1 AND seq=?2",
    [FLEET_STATEMENT_NEWEST_FINDINGS] = FINDINGS_IN_TIME "f.time_ms DESC,f.seq DESC LIMIT ?6",
    [FLEET_STATEMENT_OLDEST_FINDINGS] = FINDINGS_IN_TIME "f.time_ms,f.seq LIMIT ?6",
    [FLEET_STATEMENT_GET_FINDING] =
        "SELECT " FINDING_COLUMNS " FROM finding f JOIN journal j USING(journal_no)"
        " WHERE j.device_no=?1 AND j.journal_id=?2 AND f.seq=?3",
    [FLEET_STATEMENT_EVENT_WAVEFORM] =
        "SELECT " FINDING_COLUMNS " FROM finding f JOIN journal j USING(journal_no)"
        " WHERE f.device_no=?1 AND f.kind=3 AND f.subject=?2 AND j.journal_id=?3 AND f.boot_id=?4"
        " ORDER BY f.uptime_ms,f.seq",
    [FLEET_STATEMENT_ADD_PRESET] =
        "INSERT INTO preset(device_no,channel,is_export,time_ms,username,old_mj,new_mj,offset_mj)"
        " VALUES(?1,?2,?3,?4,?5,?6,?7,?8)",
    [FLEET_STATEMENT_LIST_PRESETS] =
        "SELECT channel,is_export,time_ms,username,old_mj,new_mj,offset_mj FROM preset"
        " WHERE device_no=?1 ORDER BY preset_no DESC",
    [FLEET_STATEMENT_PRESET_OFFSETS] =
        "SELECT channel,is_export,offset_mj FROM preset WHERE device_no=?1 ORDER BY preset_no",
};

const char *fleet_statement_sql(enum fleet_statement statement)
{
    return sql[statement];
}
