using Metering.BillingSync.Reports;
using Metering.Kernel.ReadModels;

namespace Metering.BillingSync.ReadModels;

/// <summary>A user with a billing stream, and what the next event needs to know of it.</summary>
/// <param name="Id">The user.</param>
/// <param name="Revision">Of the last event taken in.</param>
/// <param name="Reports">How many there are.</param>
/// <param name="StripeCustomer">Whom the newest message of the ledger names.</param>
/// <param name="CustomerRevision">That message's revision in the ledger; -1 if there was none.</param>
/// <param name="Books">In which the user has, had or would have something, by <see cref="BookMember.Book"/>.</param>
public sealed record BilledUser(
    string Id, long Revision, int Reports, string? StripeCustomer, long CustomerRevision, IReadOnlyList<string> Books) : IDocument
{
    /// <summary>Before the first event.</summary>
    public static BilledUser Empty(string user) => new(user, -1, 0, null, -1, []);

    /// <summary>After a message of the ledger: only the newest says who the customer is.</summary>
    public BilledUser With(TotalsTaken totals) => totals.LedgerRevision > CustomerRevision
        ? this with { StripeCustomer = totals.StripeCustomer, CustomerRevision = totals.LedgerRevision }
        : this;
}
