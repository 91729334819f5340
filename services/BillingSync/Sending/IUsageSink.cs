using Metering.BillingSync.Reports;

namespace Metering.BillingSync.Sending;

/// <summary>Where usage goes: Stripe's meters first.</summary>
public interface IUsageSink
{
    /// <summary>
    /// Makes one attempt. Whatever comes back or fails to, is a result: an exception is a defect and counts as a lost answer.
    /// </summary>
    Task<SendResult> Send(Outgoing report, string idempotencyKey);
}

/// <summary>How an attempt ended.</summary>
public abstract record SendResult
{
    private SendResult() { }

    /// <summary>With an answer that settles it.</summary>
    public sealed record Answered(StripeAnswer Answer) : SendResult;

    /// <summary>With nothing settled: to be tried again later.</summary>
    public sealed record Later(AttemptEnd End, string Why) : SendResult;
}
