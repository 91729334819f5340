using System.CommandLine;
using Metering.MainJob;

const string About = "Meters a trace of LLM calls end to end, from the reservation to Stripe; then checks that all totals agree.";
var trace = new Option<string?>("--trace")
{
    HelpName = "FILE", Description = $"LLM calls to meter, as CSV: {Trace.Header}. Without it, calls of the same shape are made up.",
};
var stack = new Option<bool>("--stack")
{
    Description = "Use the full stack that runs (METERING_RESERVATIONS, METERING_BALANCES, METERING_BILLING, STRIPE_BASE, STRIPE_KEY) "
        + "in place of starting every service in one process.",
};
var keep = new Option<bool>("--keep") { Description = "Keep the data folder. It is kept anyway when something fails." };
var command = new RootCommand(About) { trace, stack, keep };
command.SetAction((arguments, cancellation) =>
    Job.RunAsync(arguments.GetValue(trace), arguments.GetValue(stack), arguments.GetValue(keep), cancellation));

var parsed = command.Parse(args);
foreach (var error in parsed.Errors) await Console.Error.WriteLineAsync(error.Message);
if (parsed.Errors.Count > 0) return Job.BadInput;

// Long enough for the children to end first when Ctrl-C is pressed.
return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(15) });
