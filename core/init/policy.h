/* Every time, size and identity PID 1 decides by, with its unit and its reason. */
#ifndef FAPWS4_INIT_POLICY_H
#define FAPWS4_INIT_POLICY_H

enum {
    /* Users. Numbers without names: the image has no user data base. */
    POLICY_DHCP_UID = 100,
    POLICY_RECOVERY_UID = 101,
    POLICY_UPDATE_UID = 102,
    POLICY_STICK_UID = 103,
    POLICY_FETCH_UID = 104,
    POLICY_MDNS_UID = 105,
    POLICY_ASKER_UID = 106,
    POLICY_SNTP_UID = 107,
    POLICY_APP_UID = 1000,

    /* Lowest port an unprivileged process may bind. 80, not 0: the app gets 80 and 443, while 67
     * and 68 stay out of its reach, so that it cannot pose as a DHCP server or client. */
    POLICY_FIRST_OPEN_PORT = 80,

    /* ms. An app that crashes is started again after 1 s, 2 s, 4 s ... 60 s, and after 1 s once
     * it has run well for a minute. The same rule restarts a DHCP client. */
    POLICY_RESTART_FIRST = 1000,
    POLICY_RESTART_LONGEST = 60000,
    POLICY_RAN_WELL = 60000,

    /* ms. An app that has failed five times in ten minutes, or three times before it even listened,
     * will fail again: from then on it is started once a minute only. */
    POLICY_FAILURES = 5,
    POLICY_FAILED_STARTS = 3,
    POLICY_FAILURES_WITHIN = 600000,

    /* ms. How long the app may take to answer one question for its health ... */
    POLICY_HEALTH_ANSWER = 5000,
    /* ... how often it is asked: cheap enough for a battery, and after a miss sooner ... */
    POLICY_HEALTH_EVERY = 60000,
    POLICY_HEALTH_AGAIN = 10000,
    /* ... how long it may stay silent before it is started anew: a handler that holds up all others
     * for minutes is badly written, but at work ... */
    POLICY_HEALTH_PATIENCE = 300000,
    /* ... and how long before it listens at all: it may be migrating a large data base. */
    POLICY_LISTEN_PATIENCE = 1800000,

    /* ms. A new slot is good within ten minutes or not at all; it is asked every two seconds, and
     * a person is told every half minute how long it has still. */
    POLICY_TRIAL = 600000,
    POLICY_TRIAL_CHECK = 2000,
    POLICY_TRIAL_SHOW = 30000,

    /* How many may wait at the updater's gate for their answer, wrong guesses included. */
    POLICY_UPDATE_CALLERS = 8,
    /* ms. How long one may take to say what it wants, and how long it may be silent afterwards: a
     * cable can be put back in that time. */
    POLICY_UPDATE_GREETING = 10000,
    POLICY_UPDATE_SILENCE = 60000,
    /* ms. How long a second one waits for the end of the first, before it is refused. */
    POLICY_UPDATE_OVERLAP = 2000,
    /* ms. Between the answer that an update is installed and the restart: the answer has still to
     * go through the server in front, and the network. */
    POLICY_UPDATE_ANSWERED = 3000,

    /* bytes, and how many files and folders. What an app may keep as its settings: it is copied
     * before a new version is tried. */
    POLICY_SETTINGS = 4 << 20,
    POLICY_SETTINGS_FILES = 4096,

    /* bytes. The log in memory until the image has said how much it is to hold, or as much as it
     * says at least: what one boot says of itself. */
    POLICY_LOG_FIRST = 16384,
    /* bytes. What of it is written down when something goes wrong: two tracebacks, and what led to
     * them. */
    POLICY_LOG = 16384,
    /* bytes. How much of it one answer has: less than a socket takes at once. */
    POLICY_LOG_ANSWER = 65536,
    /* bytes. Of these, what is said on the console after a slot has failed. */
    POLICY_LOG_SHOWN = 1024,
    /* ms. The least time between two writings of the log to /data: an app that warns all day costs
     * a card 16 KiB in ten minutes. */
    POLICY_LOG_EVERY = 600000,
    /* Errors of the kernel in that time which the log takes in: a disk that dies repeats itself. */
    POLICY_KERNEL_ERRORS = 32,

    /* ms. The server gives requests in flight 10 s after SIGTERM; two more let Python finish. */
    POLICY_APP_STOP = 12000,

    /* Thousandths of the memory that the app counts as having beside its own when the kernel ends a
     * process because there is none left: it, or one of its own, goes before all by which the device
     * is looked after. */
    POLICY_APP_FIRST_OUT = 500,

    /* ms. How long killed processes may take to be gone before /data is closed all the same. */
    POLICY_END_ALL = 5000,

    /* Open files of the app: a socket per browser connection; the kernel would give it 1024. */
    POLICY_APP_FILES = 16384,

    /* Its processes and threads: room for pools of both, too few for a fork bomb to fill the
     * memory. */
    POLICY_APP_PROCESSES = 512,

    /* ms. A data partition on USB or SD appears seconds after PID 1; after this the device goes
     * on without. */
    POLICY_DATA_WAIT = 10000,

    /* s and ms. Six missed feedings before the watchdog resets: slow flash may block PID 1 for
     * seconds. */
    POLICY_WATCHDOG_TIMEOUT = 60,
    POLICY_WATCHDOG_FEED = 10000,

    /* ms. So long a DHCP server may take before an interface chooses an address itself: five
     * requests, and the half minute in which some switches let nothing through is nearly over. */
    POLICY_LINK_LOCAL_AFTER = 20000,

    /* ms. So long new settings of the network are tried before the old ones come back, unless
     * somebody who still reaches the device says that they are good, and how often a person in
     * front of it is told so. */
    POLICY_NETWORK_TRIAL = 120000,
    POLICY_NETWORK_SHOW = 30000,

    /* ms. How long a device that ends may take to tell the network that its name is given up, and how
     * often it is looked whether it has. */
    POLICY_GOODBYE = 1000,
    POLICY_GOODBYE_LOOK = 5,

    /* ms. How often a person is told that another has the device's fixed address. */
    POLICY_RIVAL_AGAIN = 600000,

    /* ms. What a person is shown of the way to the device waits so long for more: an address, the name
     * and the app that listens come within a second. */
    POLICY_WELCOME_SETTLE = 1000,
    /* ms. Once it is complete, it is not shown anew sooner: addresses of IPv6 come seconds later. */
    POLICY_WELCOME_AGAIN = 5000,

    /* ms. A machine that has no address by then says why, to whoever stands in front of it. */
    POLICY_NETWORK_HINT = 15000,

    /* Where the device has pages of its own: https when the image accepts updates, and http, to be
     * looked at only, when it does not. Ports that no app takes by default. */
    POLICY_RECOVERY_PORT = 8443,
    POLICY_RECOVERY_PORT_PLAIN = 8080,
    /* s. Their process ends when nobody has asked for anything for so long. */
    POLICY_RECOVERY_IDLE = 300,
    /* s. The same of the manager: a page of the console asks again after seconds. */
    POLICY_MANAGER_IDLE = 60,
    /* ms. How often load and memory are noted for it. */
    POLICY_SAMPLE_EVERY = 60000,
    /* ms. How long an app that wants the device's certificate waits at the first start for an address
     * that it could name: one chosen without a DHCP server is there by then. */
    POLICY_CERTIFICATE_WAIT = 30000,
    /* ms. How long it may take to say its one line to PID 1 ... */
    POLICY_CONTROL_PATIENCE = 5000,
    /* ... how long it may be kept waiting for something to tell ... */
    POLICY_CONTROL_HOLD = 30000,
    /* ... and how long it has to answer its browser before an order ends it. */
    POLICY_ORDER_WAITS = 2000,

    /* ms. The last lines leave a 115200 baud port in a third of a second; a dead one must not
     * hold power-off. */
    POLICY_CONSOLE_DRAIN = 1000,

    /* bytes. A Python traceback is 2-6 KiB and comes at once; a slow serial line empties this in
     * 1.5 s. */
    POLICY_CONSOLE_PENDING = 16384,
    /* bytes. The longest line shown whole; longer ones are cut in pieces. */
    POLICY_LINE = 1024,

    POLICY_CONSOLES = 4,
    POLICY_INTERFACES = 8,
    POLICY_BUTTONS = 8,
    /* s. After a start, a device that looks into a registry by itself does so this soon. */
    POLICY_FETCH_FIRST = 60,

    /* Device nodes of the app: hubs full of serial adapters, and room. */
    POLICY_NODES = 64,
    /* ms. Between a stick that orders a factory reset and the reset, so that it can still be pulled
     * out, and how often who stands there is told how long it is. */
    POLICY_STICK_RESET = 30000,
    POLICY_STICK_RESET_SHOW = 10000,

    /* Partitions of USB sticks that are still to be looked at. */
    POLICY_STICKS = 8,
    /* Signals, devices, links, the kernel's log, the app's two pipes, the doors and who stands in
     * them, and one for each of the above, of consoles two; and room. */
    POLICY_WATCHES = 64,
};

#endif
