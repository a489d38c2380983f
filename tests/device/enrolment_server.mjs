// SPDX-License-Identifier: MIT
// Stands in for the fleet's listener for devices in the test beside it: one token, used once or again
// for the same key, and with the proof of that key over a fresh challenge; what is asked for is
// noted, what is signed comes from the authority of pki.sh, and the last of it is in LOG.pem, the report
// that came with it in LOG.report.
// Usage: enrolment_server.mjs PKI PORT TOKEN LOG

import { execFileSync } from 'node:child_process';
import { createHash, createPublicKey, randomBytes, verify } from 'node:crypto';
import { appendFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const [pki, port, token, log] = process.argv.slice(2);
const work = mkdtempSync(join(tmpdir(), 'ohm-enrolment-'));
let keyOfToken;
let challenge; // The last one, until it is used.

function sign(csr) {
    const request = join(work, 'request.pem');
    const extensions = join(work, 'extensions');
    writeFileSync(request, csr);
    writeFileSync(extensions, 'basicConstraints=critical,CA:FALSE\nextendedKeyUsage=clientAuth\n');
    const key = execFileSync('openssl', ['req', '-in', request, '-noout', '-verify', '-pubkey'], {
        encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'],
    });
    const certificate = execFileSync('openssl', ['x509', '-req', '-in', request, '-CA', `${pki}/ca.pem`,
        '-CAkey', `${pki}/ca_key.pem`, '-days', '90', '-extfile', extensions,
        '-set_serial', `0x01${Date.now().toString(16)}`], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    return { key, certificate };
}

function answer(response, status, errorCode, body) {
    appendFileSync(log, `${status} ${errorCode}\n`);
    response.writeHead(status, errorCode === '' ? {} : { 'X-Error-Code': errorCode });
    response.end(JSON.stringify(body));
}

const digest = (bytes) => createHash('sha256').update(bytes).digest();

// Whether the key of the request has signed what contracts/rest.md says.
function isProven(asked, key) {
    if (challenge === undefined || asked.challenge !== challenge.toString('base64url')) return false;
    const der = Buffer.from(asked.csr.replace(/-----[^-]+-----|\s/g, ''), 'base64');
    const size = Buffer.alloc(2);
    size.writeUInt16BE(asked.device_id.length);
    const signed = Buffer.concat([Buffer.from('EM-ENROLL-V1\0'), challenge, size, Buffer.from(asked.device_id), digest(der), digest(token)]);
    challenge = undefined;
    return verify('sha256', signed, { key: createPublicKey(key), dsaEncoding: 'ieee-p1363' }, Buffer.from(asked.pop_sig, 'base64url'));
}

function serve(request, body, response) {
    if (request.method === 'GET') {
        challenge = randomBytes(32);
        appendFileSync(log, `GET ${request.url} `);
        return answer(response, 200, '', { challenge: challenge.toString('base64url'), exp: Math.floor(Date.now() / 1000) + 300 });
    }
    const asked = JSON.parse(body);
    appendFileSync(log, `${request.method} ${request.url} ${asked.device_id} `);
    if (request.headers.authorization !== `Bearer ${token}` || asked.provisioning_token !== token) {
        return answer(response, 401, 'TOKEN_NOT_FOUND', { error: 'token_not_found' });
    }
    const { key, certificate } = sign(asked.csr);
    if (!isProven(asked, key)) {
        return answer(response, 401, 'INVALID_PROOF', { error: 'invalid_proof' });
    }
    if (keyOfToken !== undefined && keyOfToken !== key) {
        return answer(response, 409, 'TOKEN_ALREADY_USED', { error: 'token_already_used' });
    }
    keyOfToken = key;
    writeFileSync(`${log}.pem`, certificate);
    writeFileSync(`${log}.report`, Buffer.from(asked.attestation ?? '', 'base64url'));
    return answer(response, 200, '', { success: true, device_id: asked.device_id, certificate });
}

createServer({ cert: readFileSync(`${pki}/https/cert.pem`), key: readFileSync(`${pki}/https/key.pem`) },
    (request, response) => {
        let body = '';
        request.on('data', (part) => { body += part; });
        request.on('end', () => {
            try {
                serve(request, body, response);
            } catch (error) {
                appendFileSync(log, `${error}\n`);
                answer(response, 400, 'INVALID_CSR', { error: 'invalid_csr' });
            }
        });
    }).listen(Number(port), '127.0.0.1', () => appendFileSync(log, 'listening\n'));
