using System.Text.Json.Nodes;

namespace Metering.StripeSimulator;

internal enum Outcome
{
    Accepted,
    Refused,
    Replayed,
    Failed,
}

internal sealed record Answer(int Status, string Body)
{
    internal static readonly Answer Lost = new(0, "");

    internal string ContentType { get; init; } = "application/json";
    internal bool? ShouldRetry { get; init; }
    internal string? RateReason { get; init; }
    internal bool Replayed { get; init; }
}

/// <summary>
/// A request that is not carried out. <paramref name="saved"/>: whether it got as far as being executed, so that its
/// idempotency key replays the refusal; what fails validation or meets a concurrent request may be sent again.
/// </summary>
internal sealed class Refusal(Answer answer, bool saved = false) : Exception
{
    internal Answer Answer { get; } = answer;
    internal bool Saved { get; } = saved;
}

/// <summary>The real service's words where they are known; where no source tells a code, none is sent.</summary>
internal static class Errors
{
    internal static string Body(string type, string message, string? code = null, string? param = null)
    {
        var error = new JsonObject { ["type"] = type, ["message"] = message };
        if (code is not null) error["code"] = code;
        if (param is not null) error["param"] = param;
        return new JsonObject { ["error"] = error }.ToJsonString(Wire.Json);
    }

    internal static Refusal Invalid(string message, string? param = null, string? code = null, int status = 400, bool saved = false) =>
        new(new Answer(status, Body("invalid_request_error", message, code, param)), saved);

    internal static Refusal Missing(string param) => Invalid($"Missing required param: {param}.", param, "parameter_missing");

    internal static Refusal Unknown(string param) => Invalid($"Received unknown parameter: {param}", param, "parameter_unknown");

    internal static Refusal NoSuch(string what, string id) =>
        Invalid($"No such {what}: '{id}'", "id", "resource_missing", 404);

    internal static Refusal NoKey() => Invalid(
        "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth.", status: 401);

    internal static Refusal BadKey(string key) => Invalid($"Invalid API Key provided: {Accounts.Mask(key)}", status: 401);

    internal static Refusal Duplicate(string identifier)
    {
        var body = Body("invalid_request_error", $"An event already exists with identifier {identifier}.");
        return new Refusal(new Answer(400, body) { ShouldRetry = false }, saved: true);
    }

    internal static Refusal Concurrent() => Invalid(
        "Too many concurrent requests for the same customer and meter. Try again once the other request has finished.", status: 409);

    internal static Refusal KeyInUse(string key) => new(new Answer(409, Body(
        "idempotency_error",
        $"There is currently another in-progress request using the same idempotent key: {key}.",
        "idempotency_key_in_use")));

    internal static Refusal KeyReused(string key) => new(new Answer(400, Body(
        "idempotency_error",
        "Keys for idempotent requests can only be used with the same parameters they were first used with. "
        + $"Try using a key other than '{key}' if you meant to execute a different request.")));

    internal static Refusal Declined() => new(new Answer(402, Body("card_error", "Your card was declined.", "card_declined")), saved: true);

    internal static Refusal TooFast(bool? shouldRetry) =>
        new(new Answer(429, Body("invalid_request_error", "Request rate limit exceeded.", "rate_limit"))
        {
            RateReason = "global-rate", ShouldRetry = shouldRetry,
        });
}
