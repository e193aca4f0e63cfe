import { CustomChart, LineChart, ScatterChart } from 'echarts/charts'
import {
  AxisPointerComponent,
  DataZoomComponent,
  GraphicComponent,
  GridComponent,
  MarkAreaComponent,
  MarkLineComponent,
  TooltipComponent,
} from 'echarts/components'

/** The parts of echarts that our charts are made of; a renderer goes with them, SVG or canvas. */
export const CHART_COMPONENTS = [
  LineChart,
  ScatterChart,
  CustomChart,
  GridComponent,
  GraphicComponent,
  MarkAreaComponent,
  MarkLineComponent,
  TooltipComponent,
  AxisPointerComponent,
  DataZoomComponent,
]
