package io.basalt.nbd;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The first phase of a connection, as the server sees it (fixed newstyle): the client looks around,
/// says what it knows, and chooses an export.
///
/// Fed with the client's bytes, however they are cut ([#accept]); what is to be sent is taken from it
/// ([#output]). One option is answered at a time: bytes behind it stay with the caller until its answer
/// has been taken, so a client that asks without listening makes nothing grow. Everything a client says
/// is bounded before it is kept: an option's data by [#DATA_BYTES_MAX], above which it is refused
/// unread, and by [#SKIP_BYTES_MAX], above which the connection ends. How long a client may take is the
/// caller's affair.
///
/// No volume is touched here. TLS is not spoken: a client that asks for it is told so, and that is
/// final.
public final class Handshake {
    /// Most bytes of an option's data: two strings of the longest kind, and what goes with them.
    static final int DATA_BYTES_MAX = 2 * NbdSpec.STRING_BYTES_MAX + 512;

    /// Most bytes that are passed over.
    static final int SKIP_BYTES_MAX = 1 << 16;

    private static final int SERVER_FLAGS = NbdSpec.FLAG_FIXED_NEWSTYLE | NbdSpec.FLAG_NO_ZEROES;
    private static final int CLIENT_FLAGS = NbdSpec.FLAG_C_FIXED_NEWSTYLE | NbdSpec.FLAG_C_NO_ZEROES;

    private final Directory directory;
    private final OptionReplies replies = new OptionReplies();
    private final ByteBuffer input = ByteBuffer.allocate(DATA_BYTES_MAX);
    private HandshakeState state = HandshakeState.CLIENT_FLAGS;
    private int clientFlags;
    private int option;
    private long skipped;
    private ReplyStyle style = ReplyStyle.SIMPLE;

    /// The export that contexts were selected for; null if none are.
    private @Nullable String contextsOf;

    private @Nullable Agreement agreement;
    private String reason = "";

    /// Which exports a client may see, as they are at the moment.
    public interface Directory {
        /// All exports, in the order in which they are listed.
        List<Export> exports();

        /// The export of a name; the empty name asks for the one there is by default. Null if there is
        /// none.
        @Nullable
        Export find(String name);
    }

    public Handshake(Directory directory) {
        this.directory = directory;
        replies.greeting(SERVER_FLAGS);
        input.limit(Integer.BYTES);
    }

    /// Where the handshake stands.
    public HandshakeState state() {
        return state;
    }

    /// What was agreed on, in state AGREED.
    public Agreement agreement() {
        return Objects.requireNonNull(agreement, "nothing is agreed on");
    }

    /// Why the handshake has ended, for people; empty while it has not.
    public String reason() {
        return reason;
    }

    /// Whether [#output] has anything.
    public boolean hasOutput() {
        return !replies.isEmpty();
    }

    /// What is to be sent before anything else is accepted: the greeting at first, then the answer to
    /// each option.
    public byte[] output() {
        return replies.take();
    }

    /// Take bytes of the client, as far as they belong to the handshake and can be answered now. In
    /// state AGREED what is left in the buffer belongs to the transmission.
    public void accept(ByteBuffer bytes) {
        while (!ended() && !hasOutput() && (bytes.hasRemaining() || dataComplete())) {
            if (state == HandshakeState.SKIPPING) {
                skip(bytes);
                continue;
            }
            final int length = Math.min(bytes.remaining(), input.remaining());
            input.put(bytes.slice(bytes.position(), length));
            bytes.position(bytes.position() + length);
            if (!input.hasRemaining()) {
                input.flip();
                complete();
            }
        }
    }

    /// An option without data is complete as soon as its header is.
    private boolean dataComplete() {
        return (state == HandshakeState.OPTION_DATA && !input.hasRemaining())
                || (state == HandshakeState.SKIPPING && skipped == 0);
    }

    private boolean ended() {
        return state == HandshakeState.AGREED || state == HandshakeState.ENDED;
    }

    private void become(HandshakeState next) {
        assert state.mayBecome(next) : state + " -> " + next;
        state = next;
    }

    private void end(String why) {
        become(HandshakeState.ENDED);
        reason = why;
    }

    private void await(HandshakeState next, int length) {
        become(next);
        input.clear().limit(length);
    }

    private void complete() {
        switch (state) {
            case CLIENT_FLAGS -> clientFlags();
            case OPTION_HEADER -> optionHeader();
            case OPTION_DATA -> {
                optionData();
                if (!ended()) {
                    await(HandshakeState.OPTION_HEADER, NbdSpec.OPTION_HEADER_BYTES);
                }
            }
            case SKIPPING, AGREED, ENDED -> throw new AssertionError("nothing is awaited in state " + state);
        }
    }

    private void clientFlags() {
        clientFlags = input.getInt();
        if ((clientFlags & ~CLIENT_FLAGS) != 0) {
            end("the client sets unknown flags 0x" + Integer.toHexString(clientFlags));
        } else {
            await(HandshakeState.OPTION_HEADER, NbdSpec.OPTION_HEADER_BYTES);
        }
    }

    private void optionHeader() {
        final long magic = input.getLong();
        option = input.getInt();
        final long length = Integer.toUnsignedLong(input.getInt());
        if (magic != NbdSpec.IHAVEOPT) {
            end("an option begins with 0x" + Long.toHexString(magic));
        } else if (length > SKIP_BYTES_MAX) {
            end("option " + option + " has " + length + " bytes of data");
        } else if (length > DATA_BYTES_MAX) {
            skipped = length;
            become(HandshakeState.SKIPPING);
        } else {
            await(HandshakeState.OPTION_DATA, (int) length);
        }
    }

    private void skip(ByteBuffer bytes) {
        final int length = (int) Math.min(skipped, bytes.remaining());
        bytes.position(bytes.position() + length);
        skipped -= length;
        if (skipped > 0) {
            return;
        }
        if (option == NbdSpec.OPT_EXPORT_NAME) {
            end("the name of an export is too long");
        } else {
            refuse(NbdSpec.REP_ERR_TOO_BIG, "at most " + DATA_BYTES_MAX + " bytes of data");
            await(HandshakeState.OPTION_HEADER, NbdSpec.OPTION_HEADER_BYTES);
        }
    }

    private void refuse(int type, String text) {
        replies.error(option, type, text);
    }

    private void optionData() {
        if (option != NbdSpec.OPT_EXPORT_NAME && (clientFlags & NbdSpec.FLAG_C_FIXED_NEWSTYLE) == 0) {
            end("option " + option + " of a client that does not know fixed newstyle");
            return;
        }
        switch (option) {
            case NbdSpec.OPT_EXPORT_NAME -> exportName();
            case NbdSpec.OPT_ABORT -> {
                replies.acknowledge(option);
                end("the client has aborted the handshake");
            }
            case NbdSpec.OPT_LIST -> list();
            case NbdSpec.OPT_STARTTLS -> refuse(NbdSpec.REP_ERR_POLICY, "this server does not speak TLS");
            case NbdSpec.OPT_INFO -> inform(false);
            case NbdSpec.OPT_GO -> inform(true);
            case NbdSpec.OPT_STRUCTURED_REPLY -> structuredReply();
            case NbdSpec.OPT_EXTENDED_HEADERS -> extendedHeaders();
            case NbdSpec.OPT_LIST_META_CONTEXT, NbdSpec.OPT_SET_META_CONTEXT -> metaContext();
            default -> refuse(NbdSpec.REP_ERR_UNSUP, "option " + Integer.toUnsignedString(option) + " is not known");
        }
    }

    private void exportName() {
        if (input.remaining() > NbdSpec.STRING_BYTES_MAX || style == ReplyStyle.EXTENDED) {
            end("EXPORT_NAME with a name that is too long, or after extended headers");
            return;
        }
        final String name = OptionData.whole(input);
        final Export export = directory.find(name);
        if (export == null) {
            end("there is no export '" + name + "'");
            return;
        }
        final Agreement agreed = agreementOn(export, name);
        replies.exportName(agreed.sizeBytes(), agreed.flags(), (clientFlags & NbdSpec.FLAG_C_NO_ZEROES) == 0);
        agreement = agreed;
        become(HandshakeState.AGREED);
    }

    private Agreement agreementOn(Export export, String name) {
        return new Agreement(
                export, export.volume().sizeBytes(), export.transmissionFlags(style), style, name.equals(contextsOf));
    }

    private void list() {
        if (input.hasRemaining()) {
            refuse(NbdSpec.REP_ERR_INVALID, "LIST has no data");
            return;
        }
        directory.exports().forEach(replies::server);
        replies.acknowledge(option);
    }

    private void inform(boolean go) {
        final OptionData.ExportWish wish = OptionData.exportWish(input);
        if (wish == null) {
            refuse(NbdSpec.REP_ERR_INVALID, "the lengths in the option do not fit together");
            return;
        }
        final Export export = directory.find(wish.name());
        if (export == null) {
            refuse(NbdSpec.REP_ERR_UNKNOWN, "there is no such export");
            return;
        }
        final Agreement agreed = agreementOn(export, wish.name());
        replies.exportInfo(option, agreed.sizeBytes(), agreed.flags());
        if (wish.wants(NbdSpec.INFO_NAME)) {
            replies.textInfo(option, NbdSpec.INFO_NAME, export.name());
        }
        if (wish.wants(NbdSpec.INFO_DESCRIPTION) && !export.description().isEmpty()) {
            replies.textInfo(option, NbdSpec.INFO_DESCRIPTION, export.description());
        }
        // Always: a client that did not ask is shown what its requests are held to.
        replies.blockSizeInfo(option, export);
        replies.acknowledge(option);
        if (go) {
            agreement = agreed;
            become(HandshakeState.AGREED);
        }
    }

    private void structuredReply() {
        if (input.hasRemaining()) {
            refuse(NbdSpec.REP_ERR_INVALID, "STRUCTURED_REPLY has no data");
        } else if (style == ReplyStyle.EXTENDED) {
            refuse(NbdSpec.REP_ERR_EXT_HEADER_REQD, "extended headers are agreed on already");
        } else {
            style = ReplyStyle.STRUCTURED;
            replies.acknowledge(option);
        }
    }

    private void extendedHeaders() {
        if (input.hasRemaining()) {
            refuse(NbdSpec.REP_ERR_INVALID, "EXTENDED_HEADERS has no data");
        } else {
            style = ReplyStyle.EXTENDED;
            replies.acknowledge(option);
        }
    }

    private void metaContext() {
        final boolean set = option == NbdSpec.OPT_SET_META_CONTEXT;
        if (set) {
            contextsOf = null;
        }
        if (!style.chunked()) {
            refuse(NbdSpec.REP_ERR_INVALID, "structured replies or extended headers come first");
            return;
        }
        final OptionData.ContextWish wish = OptionData.contextWish(input);
        if (wish == null) {
            refuse(NbdSpec.REP_ERR_INVALID, "the lengths in the option do not fit together");
            return;
        }
        if (directory.find(wish.name()) == null) {
            refuse(NbdSpec.REP_ERR_UNKNOWN, "there is no such export");
            return;
        }
        if (set && MetaContexts.selects(wish.queries())) {
            contextsOf = wish.name();
            replies.metaContext(option, MetaContexts.ALLOCATION_ID, MetaContexts.ALLOCATION);
        } else if (!set && MetaContexts.lists(wish.queries())) {
            replies.metaContext(option, 0, MetaContexts.ALLOCATION);
        }
        replies.acknowledge(option);
    }
}
