namespace Metering.Cli.Verbs;

/// <summary>A resync that also moves what Stripe can no longer bill to the open period: by operator, where the service does not by itself.</summary>
internal sealed class CarryForwardVerb()
    : ResyncVerb("carry-forward", "Move what Stripe can no longer bill in its period to the user's open one.")
{
    protected override bool CarriesForward => true;
}
