using Grpc.Core;
using Metering.BillingSync.ReadModels;
using Metering.BillingSync.Reports;
using Metering.Kernel.Grpc;

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

    /// <summary>The report under an identifier, and whose it is.</summary>
    public static async Task<BilledReport> Report(BillingView view, string identifier, CancellationToken cancellation) =>
        await view.Find(identifier, cancellation) ?? throw NoReport();

    public static RpcException NoReport() => RpcErrors.NotFound("identifier", "the identifier of a report", "there is no such report");

    /// <summary>As it is, the report is not one for this.</summary>
    public static RpcException Unfit(ReportStatus status, string expected) =>
        RpcErrors.Of(StatusCode.FailedPrecondition, "identifier", $"a report that is {expected}", $"it is {BillingWire.Of(status)}");
}
