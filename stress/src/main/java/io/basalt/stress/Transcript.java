package io.basalt.stress;

import io.basalt.reactor.Mailbox;
import io.basalt.reactor.MailboxHandler;

/// What has come out of a mailbox so far, as a decimal number: one digit per message, in order, 9 for a message
/// whose words do not belong together.
final class Transcript implements MailboxHandler {
    private static final int TORN = 9;

    int digits;
    int messages;

    /// Sends, or tries to, the message that shows as `digit`.
    static boolean send(Mailbox mailbox, int digit) {
        return mailbox.offer(digit, -digit, ~digit, digit + 1L);
    }

    @Override
    public void message(long type, long first, long second, long third) {
        final boolean whole = first == -type && second == ~type && third == type + 1;
        write(whole ? (int) type : TORN);
    }

    void write(int digit) {
        digits = digits * 10 + digit;
        messages++;
    }
}
