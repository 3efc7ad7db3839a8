package io.basalt.cli.image;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;

/// A server with one image, whose connections break when they are told to.
final class ImageServer implements AutoCloseable {
    private final HttpServer server;
    private final AtomicInteger requests = new AtomicInteger();
    private volatile byte[] image;
    private volatile String tag = "\"one\"";
    private volatile int bytesAConnection = Integer.MAX_VALUE;

    ImageServer(byte[] image) throws IOException {
        this.image = image;
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/disk.qcow2", this::answer);
        server.start();
    }

    URI uri() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/disk.qcow2");
    }

    /// Break each connection after so many bytes of the image.
    void breakAfter(int bytes) {
        bytesAConnection = bytes;
    }

    /// Name the image so from now on; null says nothing of its version.
    void tag(String newTag) {
        tag = newTag;
    }

    void image(byte[] newImage) {
        image = newImage;
    }

    int requests() {
        return requests.get();
    }

    private void answer(HttpExchange exchange) throws IOException {
        requests.incrementAndGet();
        final String range = exchange.getRequestHeaders().getFirst("Range");
        final boolean same = tag.equals(exchange.getRequestHeaders().getFirst("If-Range"));
        int from = 0;
        if (!tag.isEmpty()) {
            exchange.getResponseHeaders().set("ETag", tag);
        }
        if (range != null && same) {
            from = Integer.parseInt(range.substring("bytes=".length(), range.length() - 1));
            exchange.getResponseHeaders()
                    .set("Content-Range", "bytes " + from + "-" + (image.length - 1) + "/" + image.length);
        }
        exchange.sendResponseHeaders(from > 0 || (range != null && same) ? 206 : 200, image.length - from);
        final int to = (int) Math.min(image.length, from + (long) bytesAConnection);
        // Closing with bytes still owed closes the connection.
        try (OutputStream body = exchange.getResponseBody()) {
            body.write(Arrays.copyOfRange(image, from, to));
            body.flush();
        } finally {
            exchange.close();
        }
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
