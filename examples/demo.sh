#!/bin/sh
# Prints a log as a careless service writes it: secrets of every family among lines that must stay.
# The secrets are made up, and put together here so that no scanner takes this file for a leak.
set -eu
forge="gh""p_"
head="-----BEGIN RSA PRI""VATE KEY-----"
tail="-----END RSA PRI""VATE KEY-----"
body="MIIEogIBAAKCAQEAmade0up1Body2Of3A4Key5That6Opens7Nothing8At9All0"

printf '%s\n' \
    'sshd[4711]: Failed password for root from 203.0.113.9 port 22 ssh2' \
    'app: connecting to postgres://shop:s3cr,et;(x)@db.internal:5432/shop' \
    '{"level":"info","user":"alice","password":"foo\"bar_tail","ip":"198.51.100.7"}' \
    "ci: cloning with ${forge}a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8 took 312 ms" \
    'proxy: curl -H "Authorization: Bearer q8Zr1Lw0mXv93TbN" https://api.internal/v1/orders' \
    'pay: charged card 4111 1111 1111 1111, order 4111111111111112, epoch 1548138160707' \
    'java: LoginRequest(user=bob, password=hunter2, remember=true)' \
    "vault: loaded $head" \
    "vault: loaded $body" \
    "vault: loaded $tail" \
    'web: GET /reset?token=9f86d081884c7d659a2feaa0&lang=en HTTP/1.1 200 git=2c26b46b68ffc68ff99b453c1d304134'
