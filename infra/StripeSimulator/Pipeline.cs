using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Metering.StripeSimulator;

internal delegate Task<JsonObject> Endpoint(Call call, SimulatorAccount account, Fault? fault);

/// <summary>What every request to the API goes through, in the order of the real service: key, rate, idempotency, execution.</summary>
internal sealed class Pipeline(SimulatorOptions options, Accounts accounts, Faults faults)
{
    internal const string EventsPath = "/v1/billing/meter_events";
    private readonly ConcurrentQueue<SeenRequest> seen = new();
    private long lastRequest;

    internal IReadOnlyList<SeenRequest> Seen => [.. seen];

    internal long Requests => Interlocked.Read(ref lastRequest);

    internal async Task HandleAsync(HttpContext http, Endpoint endpoint)
    {
        var call = await Call.ReadAsync(http.Request);
        var id = Interlocked.Increment(ref lastRequest);
        Remember(call.ToSeen(http.Request));
        await WriteAsync(http, call, await AnswerAsync(call, endpoint), id);
    }

    private void Remember(SeenRequest request)
    {
        seen.Enqueue(request);
        while (seen.Count > options.KeepRequests) seen.TryDequeue(out _);
    }

    private async Task<Answer> AnswerAsync(Call call, Endpoint endpoint)
    {
        SimulatorAccount account;
        try { account = accounts.Authorize(call.Authorization); }
        catch (Refusal refused) { return refused.Answer; }

        account.CatchUp();
        if (call.Method == "GET") account.CountRead();
        var (outcome, answer) = await DecideAsync(call, account, endpoint);
        if (call is { Path: EventsPath, Method: "POST" }) account.Tally(outcome);
        return answer;
    }

    private async Task<(Outcome Outcome, Answer Answer)> DecideAsync(Call call, SimulatorAccount account, Endpoint endpoint)
    {
        Fault? fault = null;
        try
        {
            account.Rate.Take();
            fault = faults.Take(call);
            if (fault?.Kind == FaultKind.LoseRequest) return (Outcome.Failed, Answer.Lost);
            if (fault?.Kind == FaultKind.Answer) return (Outcome.Failed, fault.ToAnswer());
            var answer = await OnceAsync(call, account, fault, endpoint);
            return (answer.Replayed ? Outcome.Replayed : Outcome.Accepted, OnItsWay(answer, fault));
        }
        catch (Refusal refused)
        {
            return (Outcome.Refused, OnItsWay(refused.Answer, fault));
        }
    }

    private static Answer OnItsWay(Answer answer, Fault? fault) => fault?.Kind == FaultKind.LoseAnswer ? Answer.Lost : answer;

    private static async Task<Answer> OnceAsync(Call call, SimulatorAccount account, Fault? fault, Endpoint endpoint)
    {
        if (call is not { Method: "POST", IdempotencyKey: { } key }) return await ExecuteAsync(call, account, fault, endpoint);
        if (account.Keys.Begin(key, call.Fingerprint) is { } earlier) return earlier;
        Answer? saved = null;
        try
        {
            return saved = await ExecuteAsync(call, account, fault, endpoint);
        }
        catch (Refusal refused) when (refused.Saved)
        {
            saved = refused.Answer;
            throw;
        }
        finally
        {
            account.Keys.End(key, saved);
        }
    }

    private static async Task<Answer> ExecuteAsync(Call call, SimulatorAccount account, Fault? fault, Endpoint endpoint)
    {
        var result = await endpoint(call, account, fault);
        return fault?.Kind == FaultKind.FailAfter
            ? fault.ToAnswer()
            : new Answer(200, result.ToJsonString(Wire.Json));
    }

    private static async Task WriteAsync(HttpContext http, Call call, Answer answer, long id)
    {
        if (answer == Answer.Lost)
        {
            http.Abort();
            return;
        }

        http.Response.StatusCode = answer.Status;
        http.Response.ContentType = answer.ContentType;
        SetHeaders(http, call, answer, id);
        await http.Response.WriteAsync(answer.Body, http.RequestAborted);
    }

    private static void SetHeaders(HttpContext http, Call call, Answer answer, long id)
    {
        var headers = http.Response.Headers;
        headers["Request-Id"] = "req_sim" + id.ToString("D10", CultureInfo.InvariantCulture);
        if (http.Request.Headers.TryGetValue("Stripe-Version", out var version)) headers["Stripe-Version"] = version;
        if (call.IdempotencyKey is { } key) headers["Idempotency-Key"] = key;
        if (answer.Replayed) headers["Idempotent-Replayed"] = "true";
        if (answer.ShouldRetry is { } retry) headers["Stripe-Should-Retry"] = retry ? "true" : "false";
        if (answer.RateReason is { } reason) headers["Stripe-Rate-Limited-Reason"] = reason;
    }
}
