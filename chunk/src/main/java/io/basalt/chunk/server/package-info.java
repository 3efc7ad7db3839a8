/// The chunk server as a process runs it: threads, files, sockets, and the conversation with the metaserver around
/// [io.basalt.chunk.ChunkDevice].
@NullMarked
package io.basalt.chunk.server;

import org.jspecify.annotations.NullMarked;
