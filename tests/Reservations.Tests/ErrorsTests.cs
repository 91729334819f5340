using Grpc.Core;
using Metering.Kernel.Deciding;
using Metering.Kernel.Streams;
using Metering.Ledger.Accounts;
using Metering.Ledger.Pricing;
using Metering.Reservations.Requests;

namespace Metering.Reservations.Tests;

public sealed class ErrorsTests
{
    [TestCase(RefusalKind.Invalid, StatusCode.InvalidArgument)]
    [TestCase(RefusalKind.NotFound, StatusCode.NotFound)]
    [TestCase(RefusalKind.OtherContent, StatusCode.AlreadyExists)]
    [TestCase(RefusalKind.Exists, StatusCode.AlreadyExists)]
    [TestCase(RefusalKind.TooOld, StatusCode.FailedPrecondition)]
    [TestCase(RefusalKind.Settled, StatusCode.FailedPrecondition)]
    [TestCase(RefusalKind.NotDue, StatusCode.FailedPrecondition)]
    [TestCase(RefusalKind.Conflict, StatusCode.FailedPrecondition)]
    public void A_refusal_is_a_status_with_its_field_in_the_trailer(RefusalKind kind, StatusCode code)
    {
        var failed = Errors.Of(new RequestRefused(new Refused(kind, "lines[0].quantity", "1 or more")))!.ToException();
        var error = V1.Error.Parser.ParseFrom(failed.Trailers.GetValueBytes("metering-error-bin"));
        Assert.That(failed.StatusCode, Is.EqualTo(code));
        Assert.That(failed.Status.Detail, Is.EqualTo("lines[0].quantity: expected 1 or more"));
        Assert.That((error.Field, error.Expected), Is.EqualTo(("lines[0].quantity", "1 or more")));
    }

    [Test]
    public void Every_kind_of_refusal_has_a_status() => Assert.That(
        () => Enum.GetValues<RefusalKind>().Select(kind => Errors.Of(new RequestRefused(new Refused(kind, "", "")))).ToList(), Throws.Nothing);

    [Test]
    public void What_goes_wrong_inside_is_a_status_that_says_what_to_do() => Assert.Multiple(() =>
    {
        Assert.That(Code(new ClashException("ledger-ada")), Is.EqualTo(StatusCode.Aborted));
        Assert.That(Code(new OverloadedException("ledger-ada")), Is.EqualTo(StatusCode.ResourceExhausted));
        Assert.That(Code(new TooManyException("watchers")), Is.EqualTo(StatusCode.ResourceExhausted));
        Assert.That(Code(new StreamsUnavailableException("gone", true)), Is.EqualTo(StatusCode.Unavailable));
        Assert.That(Code(new StreamsUnavailableException("full", false) { IsOverloaded = true }), Is.EqualTo(StatusCode.ResourceExhausted));
        Assert.That(Code(new CatalogUnconfirmedException(null)), Is.EqualTo(StatusCode.Unavailable));
        Assert.That(Code(new AmountOverflowException("too large")), Is.EqualTo(StatusCode.InvalidArgument));
        Assert.That(Code(new InvalidOperationException("a defect")), Is.Null);
        Assert.That(Code(new OperationCanceledException()), Is.Null);
    });

    private static StatusCode? Code(Exception exception) => Errors.Of(exception)?.Code;
}
