package io.basalt.meta.rest;

import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// The members of a request's body. What is missing, unknown or of the wrong type is a [Problem] that names it.
final class Fields {
    private final ObjectNode object;

    Fields(ObjectNode object) {
        this.object = object;
    }

    /// Refuse members that are not known: a slip must not be taken for a default.
    Fields only(Set<String> known) {
        for (final String name : object.propertyNames()) {
            if (!known.contains(name)) {
                throw Problem.badRequest(name, "is not a member of this request", "known are: " + known);
            }
        }
        return this;
    }

    /// A text that must be there.
    String text(String name) {
        final JsonNode value = object.path(name);
        if (!value.isString()) {
            throw Problem.badRequest(name, value.isMissingNode() ? "is missing" : "is not a string", "give a string");
        }
        return value.stringValue();
    }

    /// A text.
    String text(String name, String otherwise) {
        return object.path(name).isMissingNode() ? otherwise : text(name);
    }

    /// A whole number that must be there.
    long number(String name) {
        final JsonNode value = object.path(name);
        if (!value.isIntegralNumber() || !value.canConvertToLong()) {
            throw Problem.badRequest(
                    name, value.isMissingNode() ? "is missing" : "is not a whole number", "give a whole number");
        }
        return value.longValue();
    }

    /// A whole number.
    long number(String name, long otherwise) {
        return object.path(name).isMissingNode() ? otherwise : number(name);
    }

    /// A whole number of 32 bits.
    int smallNumber(String name, int otherwise) {
        final long value = number(name, otherwise);
        if (value < Integer.MIN_VALUE || value > Integer.MAX_VALUE) {
            throw Problem.badRequest(name, "is " + value, "give a smaller number");
        }
        return (int) value;
    }

    /// A number with a fraction.
    double fraction(String name, double otherwise) {
        final JsonNode value = object.path(name);
        if (value.isMissingNode()) {
            return otherwise;
        }
        if (!value.isNumber()) {
            throw Problem.badRequest(name, "is not a number", "give a number");
        }
        return value.doubleValue();
    }

    /// True or false.
    boolean flag(String name, boolean otherwise) {
        final JsonNode value = object.path(name);
        if (value.isMissingNode()) {
            return otherwise;
        }
        if (!value.isBoolean()) {
            throw Problem.badRequest(name, "is not true or false", "give true or false");
        }
        return value.booleanValue();
    }
}
