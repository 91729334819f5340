using Grpc.Core;
using Metering.BillingSync.ReadModels;
using Metering.BillingSync.Replaying;
using Metering.BillingSync.Reports;
using Metering.Kernel.Grpc;
using Metering.Kernel.Streams;
using Metering.Ledger.Stored;

namespace Metering.BillingSync.Ops;

/// <summary>What requests have in common.</summary>
internal static class Asked
{
    public static void User(string user)
    {
        if (!IsUser(user)) throw RpcErrors.Invalid("user", "1 to 128 characters of A-Z a-z 0-9 _ . : @ -", "it is not one");
    }

    /// <summary>True for what can be a user's id.</summary>
    public static bool IsUser(string user) => user.Length is >= 1 and <= 128 && user.All(c => char.IsAsciiLetterOrDigit(c) || "_.:@-".Contains(c));

    /// <summary>Of a user who has a ledger, and a period that the user has; 0 for no period in particular.</summary>
    public static async Task Period(IEventStreams streams, string user, int period, CancellationToken cancellation)
    {
        if (!await HasLedger(streams, user, cancellation))
            throw RpcErrors.NotFound("user", "a user with events", "the user has none: no such user, or no plan yet");
        if (period == 0) return;
        var periods = await LedgerUsers.Periods(streams, user, cancellation);
        if (period > periods) throw RpcErrors.NotFound("period", $"1 to {periods}", $"the user has no period {period}");
    }

    /// <summary>True if anything was ever metered of a user.</summary>
    public static async Task<bool> HasLedger(IEventStreams streams, string user, CancellationToken cancellation)
    {
        await foreach (var _ in streams.Read(LedgerStreams.Of(user), Direction.Forwards, 0, 1, cancellation)) return true;
        return false;
    }

    /// <summary>The report under an identifier, and whose it is.</summary>
    public static async Task<BilledReport> Report(BillingView view, string identifier, CancellationToken cancellation) =>
        await view.Find(identifier, cancellation) ?? throw NoReport();

    public static RpcException NoReport() => RpcErrors.NotFound("identifier", "the identifier of a report", "there is no such report");

    /// <summary>Stripe has it: to send it anew would bill it twice.</summary>
    public static RpcException Proven(string reason) =>
        RpcErrors.Of(StatusCode.FailedPrecondition, "identifier", "a report that Stripe's summaries do not contain, or force", reason);

    /// <summary>As it is, the report is not one for this.</summary>
    public static RpcException Unfit(ReportStatus status, string expected) =>
        RpcErrors.Of(StatusCode.FailedPrecondition, "identifier", $"a report that is {expected}", $"it is {BillingWire.Of(status)}");
}
