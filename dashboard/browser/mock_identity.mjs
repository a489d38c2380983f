// SPDX-License-Identifier: MIT
// Identities of the stand-in server: certificates of its fleet, and devices that are added. A device
// named "refused-…" shows a token of another device; every other one enrols by itself.

import { randomBytes } from "node:crypto";

const DAY_MS = 86_400_000;
const ENROLS_AFTER_MS = 1200;
const CONNECTS_AFTER_MS = 2200;
const READS_AFTER_MS = 3200;

function hex(bytes) {
  return randomBytes(bytes).toString("hex");
}

function certificate(device_id, state, ageDays, lifeDays) {
  const issued = Date.now() - ageDays * DAY_MS;
  const end = issued + lifeDays * DAY_MS;
  return {
    certificate_id: hex(32),
    device_id,
    state,
    serial_number: hex(16),
    issued_ms: issued,
    changed_ms: issued,
    not_before_ms: issued - 3_600_000,
    not_after_ms: end,
    renew_after_ms: issued + (lifeDays * DAY_MS * 2) / 3,
    days_left: Math.max(0, Math.floor((end - Date.now()) / DAY_MS)),
    renewal_overdue: state === "active" && ageDays >= (lifeDays * 5) / 6,
    attestation:
      state === "active" && ageDays < 60
        ? { verdict: "degraded", level: "software", time_ms: issued }
        : null,
  };
}

/** meter-2 answers an old question. */
export function attestationOf(device) {
  if (device.id === "meter-2") return { verdict: "failed", reasons: ["old_report"], report: null };
  const tampered = device.tamper?.latched ?? false;
  return {
    verdict: "degraded",
    reasons: ["software_level", ...(tampered ? ["case_opened"] : [])],
    report: {
      level: "software",
      hardware: "posix",
      software: "ohm-device",
      version: "0.1.0",
      keystore: "sealed file",
      image_sha256: "3f786850e387550fdab836ed7e6dc881de23001b3f786850e387550fdab836ed",
      secure_boot: false,
      debugging: false,
      boot_count: 7,
      uptime_s: 93_784,
      time_ms: Date.now(),
      tampered,
      tamper_count: device.tamper?.count ?? 0,
    },
  };
}

/** A drawing that a phone could not read: the real one comes from the server. */
function drawing(text) {
  const squares = Array.from(text, (letter, at) =>
    letter.charCodeAt(0) % 2 ? `<path d="M${at % 21} ${Math.floor(at / 21)}h1v1h-1z"/>` : "",
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 21 21">${squares.join("")}</svg>`;
}

export function startIdentities(fleetNames, addDevice, Refusal) {
  const certificates = fleetNames.map((name, at) =>
    certificate(name, "active", at === 1 ? 80 : 12, 90),
  );
  if (fleetNames.length > 0) {
    certificates.push(certificate(fleetNames[0], "superseded", 102, 90));
    certificates.push(certificate("barn-<b>4</b>", "expired", 93, 90));
  }
  const pending = new Map();
  const audit = certificates.map((one) => ({
    time_ms: one.issued_ms,
    kind: "enrolled",
    device_id: one.device_id,
    actor: "",
    address: "192.0.2.7",
    detail: "",
  }));

  if (fleetNames.length > 0) {
    const told = [
      ["broker_refused", "meter-2", "broker", "revoked: 119 more within the hour"],
      ["broker_refused", "", "broker", "bad_name"],
      ["intake_refused", "", "", "TOKEN_NOT_FOUND: 4 more within the hour"],
      ["case_opened", "meter-1", "", "openings so far: 2"],
      ["case_cleared", "meter-1", "admin", "openings so far: 1; done"],
      ["renewal_overdue", "meter-2", "", "ends in 15 days"],
      ["revoked", "meter-9", "admin", "<img src=x onerror=alert(1)>"],
    ];
    for (const [at, [kind, device_id, actor, detail]] of told.entries()) {
      const time_ms = Date.now() - (at + 1) * 600_000;
      const address = kind === "renewal_overdue" || kind === "case_opened" ? "" : "192.0.2.9";
      audit.unshift({ time_ms, kind, device_id, actor, address, detail });
    }
    audit.sort((a, b) => b.time_ms - a.time_ms);
  }

  function note(kind, device_id, actor, detail = "") {
    audit.unshift({ time_ms: Date.now(), kind, device_id, actor, address: "192.0.2.9", detail });
  }

  function enrol(id) {
    if (!pending.delete(id)) return;
    certificates.unshift(certificate(id, "pending", 0, 90));
    note("enrolled", id, "");
  }

  function begin(id, body, user) {
    const active = certificates.some((one) => one.device_id === id && one.state === "active");
    if (active && !body.replaces) {
      throw new Refusal(
        409,
        "DEVICE_HAS_ACTIVE_CERTIFICATE",
        "The device has a certificate in force.",
      );
    }
    const expires_ms = Date.now() + (body.life_s ?? 300) * 1000;
    pending.set(id, {
      device_id: id,
      creator: user,
      created_ms: Date.now(),
      expires_ms,
      replaces: body.replaces ?? false,
    });
    note("token_issued", id, user);
    if (id.startsWith("refused-")) {
      setTimeout(() => note("enrolment_refused", id, "", "TOKEN_DEVICE_MISMATCH"), ENROLS_AFTER_MS);
    } else if (!id.startsWith("silent-")) {
      setTimeout(() => enrol(id), ENROLS_AFTER_MS);
      setTimeout(() => {
        const found = certificates.find((one) => one.device_id === id && one.state === "pending");
        if (found) found.state = "active";
        addDevice(id, false);
      }, CONNECTS_AFTER_MS);
      setTimeout(() => addDevice(id, true), READS_AFTER_MS);
    }
    return { device_id: id, provisioning_token: randomBytes(32).toString("base64url"), expires_ms };
  }

  function revoke(id, user, reason) {
    const mine = certificates.filter(
      (one) => one.device_id === id && (one.state === "active" || one.state === "pending"),
    );
    for (const one of mine) Object.assign(one, { state: "revoked", changed_ms: Date.now() });
    pending.delete(id);
    note("revoked", id, user, reason);
    return { device_id: id, revoked: mine.length };
  }

  return {
    /** Answers what is about identities, or undefined. */
    async answer(route, url, readBody, user) {
      const device = url.searchParams.get("device");
      const named = /^POST \/v1\/devices\/([^/]+)\/(enrolment|revocation)$/.exec(route);
      if (route === "GET /v1/certificates") {
        const mine = certificates.filter((one) => device === null || one.device_id === device);
        return { certificates: mine, pending: [...pending.values()] };
      }
      if (route === "GET /v1/certificates/audit") {
        return { records: audit.slice(0, Number(url.searchParams.get("limit") ?? 100)) };
      }
      if (route === "POST /v1/qr") return { svg: drawing((await readBody()).text) };
      if (named?.[2] === "enrolment") return begin(named[1], await readBody(), user);
      if (named?.[2] === "revocation") return revoke(named[1], user, (await readBody()).reason);
      return undefined;
    },
  };
}
