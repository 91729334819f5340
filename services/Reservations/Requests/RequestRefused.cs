using Metering.Ledger.Accounts;

namespace Metering.Reservations.Requests;

/// <summary>The request cannot be done as it is: which field, and what was expected.</summary>
/// <param name="byCatalog">True if a newer catalog could know better.</param>
internal sealed class RequestRefused(Refused refused, bool byCatalog = false) : Exception(refused.Message)
{
    public Refused Refused { get; } = refused;
    public bool ByCatalog { get; } = byCatalog;

    public static RequestRefused Invalid(string field, string expected) => new(new Refused(RefusalKind.Invalid, field, expected));
    public static RequestRefused Undeclared(string field, string expected) => new(new Refused(RefusalKind.Invalid, field, expected), byCatalog: true);
    public static RequestRefused NotFound(string field, string expected) => new(new Refused(RefusalKind.NotFound, field, expected), byCatalog: true);
}
