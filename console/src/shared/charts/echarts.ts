/** The parts of ECharts that the console draws with; loaded only by pages that hold a chart. */
import { BarChart, CustomChart, GraphChart, LineChart, ScatterChart, TreemapChart } from "echarts/charts";
import { AriaComponent, GridComponent, LegendComponent, MarkAreaComponent, MarkLineComponent, TooltipComponent } from "echarts/components";
import { init, registerTheme, use } from "echarts/core";
import { LabelLayout } from "echarts/features";
import { CanvasRenderer } from "echarts/renderers";
import { chartTheme } from "./theme";

use([
  BarChart, CustomChart, GraphChart, LineChart, ScatterChart, TreemapChart,
  AriaComponent, GridComponent, LegendComponent, MarkAreaComponent, MarkLineComponent, TooltipComponent,
  CanvasRenderer, LabelLayout,
]);
registerTheme("regulars-light", chartTheme("light"));
registerTheme("regulars-dark", chartTheme("dark"));

export { init };
